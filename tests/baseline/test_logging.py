"""The journal of every host, how its entries get to the collector, and what the collector has."""

import pytest

from ringfence.verify import control, not_applicable
from ringfence.verify.probes import journal, log_archive, log_sending

RUNS_AGAIN = {"Restart": "always", "ActiveState": "active", "UnitFileState": "enabled"}
SENDERS = ["rsyslog.service", "ringfence-log-sender.service"]
SILENT = 600  # seconds
MEGABYTE = 1024 * 1024


@pytest.fixture
def collector(site, expect):
    """The host to which all hosts send their logs."""
    hosts = [host for host in site.hosts.values() if host.in_group("log_collector")]
    expect("collectors of the site", [host.name for host in hosts], differs_from=[])
    return hosts[0]


# LOG-04


@control("LOG-04")
def test_what_sends_logs_comes_back_when_it_ends(host, expect):
    for unit, shown in log_sending.services(host, SENDERS).items():
        for setting, value in RUNS_AGAIN.items():
            expect(f"{setting} of {unit}", shown[setting], equals=value)
        expect(f"limit of restarts of {unit}", shown["StartLimitIntervalUSec"], equals="0")


@control("LOG-04")
def test_the_journal_runs_and_nothing_masks_it(host, expect):
    (shown,) = log_sending.services(host, ["systemd-journald.service"]).values()
    expect("systemd-journald.service", shown["LoadState"], equals="loaded")
    expect("systemd-journald.service", shown["ActiveState"], equals="active")


@control("LOG-04")
def test_heartbeats_are_due(host, expect):
    (shown,) = log_sending.services(host, ["ringfence-heartbeat.timer"]).values()
    expect("ringfence-heartbeat.timer", shown["ActiveState"], equals="active")
    expect("ringfence-heartbeat.timer at boot", shown["UnitFileState"], equals="enabled")


# LOG-05


@control("LOG-05")
def test_the_journal_lies_on_disk(host, expect):
    written = journal.written(host)
    expect("files of the journal that are written to", len(written), at_least=1)
    for file in written:
        expect("file of the journal that is written to", file.path, matches="^/var/log/journal/")


@control("LOG-05")
def test_the_journal_stays_within_its_limits(host, policy, expect):
    most = policy.logging.journal_megabytes * MEGABYTE
    expect("bytes that the journal may take", journal.most_bytes(host), at_most=most)
    expect("bytes that the journal may take", journal.most_bytes(host), at_least=most // 2)


@control("LOG-05")
def test_the_journal_drops_nothing(host, expect):
    found = journal.settings(host)
    limits = {found.get("RateLimitIntervalSec", "30s"), found.get("RateLimitBurst", "10000")}
    expect("limits of messages of one service", limits, includes={"0"})
    expect("least severity that is kept", found.get("MaxLevelStore", "debug"), equals="debug")
    expect("what journald dropped since its start", journal.dropped(host), nothing=True)


@control("LOG-05")
def test_the_journal_is_one_file_that_is_compressed_and_sealed(host, expect):
    found = journal.settings(host)
    expect("how the journal is split", found.get("SplitMode", "uid"), equals="none")
    expect("whether it is compressed", found.get("Compress", "yes"), matches="^(yes|1|true|[1-9])")
    expect("whether it may be sealed", found.get("Seal", "yes"), one_of=["yes", "1", "true"])


@control("LOG-05")
def test_the_journal_is_sealed(host, expect):
    written = journal.written(host)
    expect("files of the journal that are written to", len(written), at_least=1)
    for file in written:
        expect(f"flags of {file.path}", file.flags.split(), includes={"SEALED"})
    expect("mode and owner of the sealing key", journal.sealing_keys(host), equals=["600 root"])


@control("LOG-05")
def test_the_key_that_checks_the_seals_lies_with_the_site_alone(host, site, declared, expect):
    kept = [path.name for path in (site.path / "sealing").glob("*.age")]
    expect("hosts whose keys the site has", kept, includes={f"{declared.name}.age"})
    expect("keys on the host itself", journal.keys_left_behind(host), nothing=True)


@control("LOG-05")
def test_the_journal_runs_by_its_present_settings(host, expect):
    changed = journal.changed_since_its_start(host)
    expect("settings that changed after its start", changed, nothing=True)


@control("LOG-05")
def test_the_journal_is_closed_to_others(host, expect):
    found = journal.open_to_others(host)
    expect("files of the journal that others may read or change", found, nothing=True)


@control("LOG-05")
def test_audit_records_come_to_the_journal_once(host, expect):
    state = journal.audit_socket(host)
    expect("journald's own socket for audit records", state["ActiveState"], equals="inactive")
    expect("journald's own socket for audit records", state["LoadState"], equals="masked")


# LOG-06: on every host


@control("LOG-06")
def test_logs_go_to_the_collector_and_nowhere_else(host, policy, declared, collector, expect):
    end = f"{collector.address}:{policy.logging.port}"
    found = log_sending.connections(host, policy.logging.port)
    taken = f":{policy.logging.port}" if declared.in_group("log_collector") else None
    sent = [c.peer for c in found if taken is None or not c.local.endswith(taken)]
    expect("where rsyslog is connected to", sorted(set(sent)), equals=[end])


@control("LOG-06")
def test_the_collector_admits_the_host_by_its_certificate(host, policy, collector, expect):
    port = policy.logging.port
    shown = log_sending.answer(host, collector.address, port, collector.name, "itself")
    expect("what the collector answers", shown, matches=log_sending.ADMITTED)


@control("LOG-06")
@pytest.mark.parametrize("who", ["nobody", "forger"])
def test_the_collector_admits_nobody_else(host, policy, declared, collector, who, expect):
    shown = _tried_on_itself(host, policy, declared, collector, who)
    words = {"nobody": "no certificate", "forger": "a forged certificate"}
    expect(f"what the collector answers to {words[who]}", shown, equals="")


@control("LOG-06")
def test_the_collector_admits_nobody_by_old_tls(host, policy, declared, collector, expect):
    shown = _tried_on_itself(host, policy, declared, collector, "old")
    expect("what the collector answers to its own certificate by TLS 1.1", shown, equals="")


@control("TLS-01")
def test_logs_are_not_taken_by_old_tls(host, policy, declared, expect):
    if not declared.in_group("log_collector"):
        not_applicable("takes no logs")
    end = (declared.address, policy.logging.port, declared.name)
    shown = log_sending.answer(host, *end, "old")
    expect("what the collector answers to its own certificate by TLS 1.1", shown, equals="")


@control("TLS-02")
def test_the_collector_shows_a_certificate_of_its_name(host, policy, declared, expect):
    if not declared.in_group("log_collector"):
        not_applicable("takes no logs")
    end = (declared.address, policy.logging.port, declared.name)
    shown = log_sending.answer(host, *end, "itself")
    expect("what it answers to who believes the site's authority alone", shown, differs_from="")


@control("TLS-04")
@pytest.mark.parametrize("who", ["nobody", "forger"])
def test_logs_are_not_taken_from_strangers(host, policy, declared, who, expect):
    if not declared.in_group("log_collector"):
        not_applicable("takes no logs")
    end = (declared.address, policy.logging.port, declared.name)
    shown = log_sending.answer(host, *end, who)
    words = {"nobody": "no certificate", "forger": "a forged certificate"}
    expect(f"what the collector answers to {words[who]}", shown, equals="")


def _tried_on_itself(host, policy, declared, collector, who):
    if declared.name != collector.name:
        not_applicable("tried once, on the collector")
    return log_sending.answer(host, collector.address, policy.logging.port, collector.name, who)


@control("LOG-06")
def test_rsyslog_listens_for_nobody_but_hosts_that_send(host, policy, declared, expect):
    port = policy.logging.port
    wanted = {f"tcp 0.0.0.0:{port}", f"tcp [::]:{port}"}
    allowed = wanted if declared.in_group("log_collector") else set()
    expect("where rsyslog listens", log_sending.listeners(host), within=allowed)


# LOG-06: on the collector


@pytest.fixture
def heard(host, site, declared, collector):
    """What the collector has of every host of the site, by name."""
    if declared.name != collector.name:
        not_applicable("the archive lies on the collector")
    return log_archive.heard(host, sorted(site.hosts))


@control("LOG-06")
def test_every_host_of_the_site_is_heard(heard, expect):
    for name, found in heard.items():
        expect(f"seconds since {name} sent anything", found.newest, at_most=SILENT)
        expect(f"seconds since {name}'s last heartbeat", found.heartbeat, at_most=SILENT)


@control("LOG-06")
def test_no_message_is_missing(heard, expect):
    for name, found in heard.items():
        expect(f"records of {name}", found.lines, at_least=1)
        expect(f"numbers that are missing of {name}", found.holes, nothing=True)


@control("LOG-06")
def test_every_record_is_whole_and_of_the_host_that_sent_it(heard, expect):
    for name, found in heard.items():
        expect(f"lines of {name} that are no record", found.broken, equals=0)
        expect(f"other hosts among the records of {name}", found.foreign, nothing=True)


@control("LOG-06")
def test_nobody_sends_who_is_no_host_of_the_site(host, heard, expect):
    expect("hosts of the site", sorted(heard), differs_from=[])
    expect("records from unknown addresses", log_archive.unidentified(host), nothing=True)


@control("LOG-06")
def test_todays_logs_can_only_grow(host, heard, expect):
    found = log_archive.alterable(host, sorted(heard))
    expect("today's files that can be altered", found, nothing=True)
