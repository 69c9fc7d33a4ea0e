"""The failure of a control's service reaches a person."""

import pytest

from ringfence.verify import control
from ringfence.verify.probes import alerting, host_inventory, next_runs

DAY = 86_400
OFTEN = 0.25  # hours
LATEST = 20  # minutes
ONLY_ROOT_READS = r"^regular( empty)? file root:root [0-7]*00$"
ONLY_ROOT_ENTERS = r"^directory root:root [0-7]*00$"


@pytest.fixture
def channels(policy, expect):
    """The channels of the site, one at least: without one nobody hears of anything."""
    found = policy.alerts.channels
    expect("channels that policy.yml names", len(found), at_least=1)
    return found


@control("IDS-03")
def test_the_failure_of_a_controls_service_starts_an_alert(host, policy, declared, expect):
    found = alerting.services(host, policy.alerts.units_of(declared))
    expect("services of controls that the host has", len(found), at_least=1)
    for service in found:
        wanted = [f"ringfence-alert@{service.name}.service"]
        expect(f"what starts when {service.name} fails", service.on_failure, includes=wanted)


@control("IDS-03")
def test_what_an_alert_starts_is_there_and_nobody_changed_it(host, expect):
    shown = alerting.handler(host)
    expect("the service that raises alerts", shown.get("LoadState", ""), equals="loaded")
    started = r"path=/usr/local/lib/ringfence/alert ; argv\[\]=\S+ failed any ;"
    expect("what it starts", shown.get("ExecStart", ""), matches=started)
    expect("drop-ins that change it", alerting.foreign_drop_ins(shown), nothing=True)


@control("IDS-03")
def test_alerts_go_to_the_declared_people_and_to_nobody_else(host, policy, channels, expect):
    wanted = alerting.places({"channels": policy.alerts.channels_shown})
    found = alerting.places(alerting.told(host))
    expect("where alerts go", found, includes=wanted)
    expect("where alerts go", found, within=wanted)


@control("IDS-03")
def test_every_channel_accepted_a_test_lately(host, policy, channels, expect):
    known, now = alerting.remembered(host), float(host.check_output("date +%s"))
    configured = alerting.configured(host)
    for channel in channels:
        kept = known.get(channel.name, {})
        why = f" (refused: {kept['trouble']})" if kept.get("trouble") else ""
        expect(f"tests that {channel.name} ever accepted{why}", int("tested" in kept), at_least=1)
        tested = float(kept["tested"])
        days = round((now - tested) / DAY, 1)
        expect(f"days since {channel.name} accepted a test{why}", days, at_least=-0.1)
        most = policy.alerts.test_days + 1
        expect(f"days since {channel.name} accepted a test{why}", days, at_most=most)
        since = round(tested - configured)
        name = f"seconds from its configuration to the test that {channel.name} accepted{why}"
        expect(name, since, at_least=0)
        refused = int(kept.get("refused", 0))
        expect(f"recipients that {channel.name} refused", refused, equals=0)


@control("IDS-03")
def test_no_alert_waits_that_nobody_accepted(host, channels, expect):
    expect("alerts that have waited for an hour", alerting.overdue(host), nothing=True)


@control("IDS-03")
def test_services_that_stop_are_looked_for_every_few_minutes(host, expect):
    due = next_runs.due(host, alerting.TIMERS)
    expect("timers of the look that are enabled and active", len(due), at_least=1)
    expect("hours until the next look", min(one.hours for one in due), at_most=OFTEN)
    for timer in host_inventory.timers(host, alerting.TIMERS):
        expect(f"last result of what {timer.unit} starts", timer.last_result, equals="success")
    expect("minutes since the last look", alerting.minutes_since_a_look(host), at_most=LATEST)


@control("IDS-03")
def test_only_root_reads_what_channels_need(host, expect):
    shown = host_inventory.owner_and_mode(host, "", alerting.SECRETS)
    expect("kind, owner and mode of the channels' secrets", shown, matches=ONLY_ROOT_READS)
    shown = host_inventory.owner_and_mode(host, "", alerting.STATE)
    expect("kind, owner and mode of what waits", shown, matches=ONLY_ROOT_ENTERS)
