"""Time: who keeps the clock, by whose time it goes, whether it is right, and its zone."""

import pytest

from ringfence.verify import control, not_applicable
from ringfence.verify.probes import ntp_questions, time_keeping
from ringfence.verify.probes.drop_log import in_a_container

CHRONY = "chrony.service"
CHRONYD = "chronyd"
OUTSIDERS = ["192.0.2.77", "2001:db8::77"]
"""Addresses for documentation (RFC 5737, RFC 3849), which are no host of anybody's."""
UTC = ["UTC", "Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu"]
FAR = 15


@pytest.fixture
def sources(policy, site, declared, expect):
    """Whom the host must ask, by the policy: at least one, unless its own clock is the site's."""
    wanted = policy.time.upstreams(site, declared)
    if policy.time.is_declared and policy.time.is_reference(declared):
        not_applicable("the site is isolated, and this host's own clock is its time")
    expect("sources of time that policy.yml names", len(wanted), at_least=1)
    return wanted


# TIM-01: one daemon


@control("TIM-01")
def test_chronyd_runs_now_and_after_a_boot(host, expect):
    shown = time_keeping.unit(host)
    expect("chrony.service at boot", shown.get("UnitFileState"), equals="enabled")
    expect("chrony.service now", shown.get("ActiveState"), equals="active")
    running = time_keeping.programs(host)
    expect("program that keeps the time", running.get(CHRONY, "none"), equals="/usr/sbin/chronyd")


@control("TIM-01")
def test_nothing_else_keeps_the_time(host, expect):
    units = time_keeping.programs(host)
    expect("units whose programs set clocks", sorted(units), within=[CHRONY])
    users = time_keeping.users_of(host, time_keeping.PORT)
    expect("programs that speak NTP", users, within=[CHRONYD])
    for unit, state in time_keeping.other_units(host).items():
        expect(f"whether {unit} could start", state, equals="masked")


# TIM-01: whom it asks


@control("TIM-01")
def test_chronyd_asks_the_declared_sources_and_no_others(host, sources, expect):
    wanted = [f"{one.address} by NTS" if one.nts else one.address for one in sources]
    asked = [str(one) for one in time_keeping.asked(host)]
    expect("sources that chronyd asks", asked, within=wanted)
    expect("sources that chronyd asks", asked, includes=wanted)


@control("TIM-01")
def test_chronyd_follows_a_source(host, sources, expect):
    state = time_keeping.tracking(host)
    asked = time_keeping.asked(host)
    followed = [one.name for one in asked if one.followed and one.reached]
    wanted = [one.address for one in sources]
    expect("sources that chronyd follows", followed, within=wanted)
    expect("sources that chronyd follows", len(followed), at_least=1)
    expect("whether the clock is synchronised", state and state.leap, equals="Normal")
    expect("stratum of the clock", state.stratum, at_most=FAR)


# TIM-01: whether the clock is right


@control("TIM-01")
def test_chronyd_finds_the_clock_right(host, sources, policy, expect):
    state = time_keeping.tracking(host)
    expect("stratum of the clock", state.stratum if state else 0, at_least=1)
    off = round(abs(state.offset), 3)
    expect(
        "seconds by which chronyd finds the clock wrong", off, at_most=policy.time.largest_offset
    )


@control("TIM-01")
def test_the_clock_agrees_with_each_source_when_it_is_asked_anew(host, sources, policy, expect):
    answers = ntp_questions.ask(host, [one.address for one in sources])
    for one in sources:
        answer = answers.get(one.address)
        name = one.address
        expect(
            f"whether {name} answers and knows the time",
            bool(answer and answer.counts),
            equals=True,
        )
        off = round(abs(answer.offset) - answer.delay / 2, 3)
        expect(f"seconds between the clock and {name}", off, at_most=policy.time.largest_offset)


@control("TIM-01")
def test_the_kernel_says_that_its_clock_is_kept(host, sources, expect):
    if in_a_container(host):
        not_applicable("the clock is the kernel's, and that is another computer's here")
    shown = time_keeping.kernel_is_kept(host)
    expect("whether the kernel's clock is synchronised", shown, equals="yes")


# TIM-01: who asks it


@control("TIM-01")
def test_hosts_that_are_no_server_tell_nobody_the_time(host, policy, declared, expect):
    if policy.time.serves(declared):
        not_applicable("the host is one of the site's servers of time")
    found = time_keeping.listeners_at(host, time_keeping.PORT)
    expect("addresses at which the host answers by NTP", found, nothing=True)


@control("TIM-01")
def test_servers_tell_the_time_to_the_sites_hosts_alone(host, site, policy, declared, expect):
    if not policy.time.serves(declared):
        not_applicable("the host is none of the site's servers of time")
    found = time_keeping.listeners_at(host, time_keeping.PORT)
    expect("addresses at which the host answers by NTP", found, differs_from=[])
    hosts = policy.time.clients(site, declared)
    allowed = time_keeping.may_ask(host, [*hosts, *OUTSIDERS])
    expect("addresses that may ask", allowed, within=hosts)
    expect("addresses that may ask", allowed, includes=hosts)


@control("TIM-01")
def test_nobody_commands_chronyd_over_the_network(host, expect):
    running = time_keeping.programs(host)
    expect("program that keeps the time", running.get(CHRONY, "none"), equals="/usr/sbin/chronyd")
    found = time_keeping.listeners_at(host, time_keeping.COMMAND_PORT)
    expect("addresses at which chronyd takes commands", found, nothing=True)


# TIM-02: UTC


@pytest.fixture
def server(policy, declared):
    """A host that must show UTC."""
    if not policy.time.shows_utc(declared):
        not_applicable("the site lets hosts of this group show local time")


@control("TIM-02")
def test_the_host_shows_utc(host, server, expect):
    zone = host.check_output("timedatectl show -p Timezone --value")
    expect("zone of the host", zone, one_of=UTC)
    expect("what date shows", host.check_output("env -u TZ date +%z"), equals="+0000")


@control("TIM-02")
def test_services_start_in_utc(host, server, expect):
    shown = host.check_output("systemctl show-environment").splitlines()
    zones = [line.removeprefix("TZ=") for line in shown if line.startswith("TZ=")]
    expect("zones in the environment of services", zones, within=UTC)


@control("TIM-02")
def test_the_clock_of_the_hardware_holds_utc(host, server, expect):
    shown = host.check_output("timedatectl show -p LocalRTC --value")
    expect("whether the clock of the hardware holds local time", shown, equals="no")
