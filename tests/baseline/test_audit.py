"""The kernel's audit: from boot, complete, locked; the access record; how records are kept."""

import pytest

from ringfence.verify import control, not_applicable
from ringfence.verify.probes import audit_daemon, audit_records, audit_rules
from ringfence.verify.probes.drop_log import in_a_container

ACCESS_RECORD = "access-record"
ACCESS_DENIED = "access-denied"
KINDS_OF_ACCESS = {"read", "write", "rights", "rename", "delete"}
KINDS_OF_DENIAL = {"read", "write", "rename", "delete"}


@pytest.fixture
def own_kernel(host):
    """Not a container's: a kernel has one audit, and it is the computer's that runs it."""
    if in_a_container(host):
        not_applicable("the kernel's audit is that of the computer that runs this container")


@pytest.fixture
def data(own_kernel, policy, declared):
    """The directories of personal data that the site declares of the host."""
    found = [entry.path for entry in policy.permissions.data_of(declared)]
    if not found:
        not_applicable("the site declares no data on this host")
    return found


@pytest.fixture
def rules(host, own_kernel, policy, declared):
    """The rules that the site wants of this host."""
    paths = [entry.path for entry in policy.permissions.data_of(declared)]
    return audit_rules.declared(host, policy.audit.rules_of(declared, paths))


def told(rules):
    """Return rules in words."""
    return sorted(map(str, rules))


# LOG-01: from boot


@control("LOG-01")
def test_auditd_takes_the_records_of_the_kernel(host, own_kernel, expect):
    shown, kernel = audit_daemon.unit(host), audit_daemon.kernel(host)
    expect("auditd", shown["ActiveState"], equals="active")
    expect("whether the kernel audits", kernel.get("enabled", "nothing"), one_of=["1", "2"])
    expect("process that takes the records", kernel.get("pid"), equals=shown["MainPID"])


@control("LOG-01")
def test_auditd_starts_at_boot(host, own_kernel, expect):
    expect("auditd at boot", audit_daemon.unit(host)["UnitFileState"], equals="enabled")


@control("LOG-01")
def test_the_kernel_audits_from_its_start(host, own_kernel, policy, expect):
    wanted = {"audit=1", f"audit_backlog_limit={policy.audit.backlog}"}
    expect("the kernel's line", audit_daemon.kernel_line(host), includes=wanted)
    covers = audit_daemon.line_is_covered(host)
    expect("what is mounted over the kernel's line", covers, nothing=True)
    for words in audit_daemon.boot_menu(host):
        expect(f"line of {words[0]} in GRUB's menu", words, includes=wanted)


@control("LOG-01")
def test_the_kernel_has_room_for_every_record(host, own_kernel, policy, expect):
    kernel = audit_daemon.kernel(host)
    room = int(kernel.get("backlog_limit", "0"))
    expect("records that it holds while auditd is busy", room, at_least=policy.audit.backlog)
    limit = kernel.get("rate_limit", "unknown")
    expect("records in a second above which it drops them (0: none)", limit, equals="0")


@control("LOG-01")
def test_no_record_was_lost(host, own_kernel, expect):
    expect("lost records", audit_daemon.kernel(host).get("lost", "unknown"), equals="0")


# LOG-02: the rules


@control("LOG-02")
def test_the_kernel_has_every_rule(host, rules, expect):
    wanted = [one for one in rules if one.key not in (ACCESS_RECORD, ACCESS_DENIED)]
    expect("rules declared", len(wanted), at_least=1)
    missing = told(audit_rules.lacking(wanted, audit_rules.loaded(host)))
    expect("rules that the kernel lacks (locked ones wait for a boot)", missing, nothing=True)


@control("LOG-02")
def test_the_kernel_has_no_rule_that_nobody_declared(host, rules, expect):
    extra = told(audit_rules.extra(rules, audit_rules.loaded(host)))
    expect("rules of the kernel that nobody declared", extra, nothing=True)


@control("LOG-02")
def test_a_boot_loads_the_same_rules(host, rules, expect):
    found = audit_rules.after_a_boot(host)
    changes = [f"adds {rule}" for rule in told(audit_rules.extra(rules, found))]
    changes += [f"lacks {rule}" for rule in told(audit_rules.lacking(rules, found))]
    expect("rules that a boot loads, beside those declared", changes, nothing=True)


@control("LOG-02")
def test_the_rules_are_loaded_at_boot(host, own_kernel, expect):
    loader = audit_rules.loaded_by(host)
    expected = r"^(audit-rules\.service enabled|auditd\.service .*augenrules --load)"
    expect("what loads the rules at boot", loader, matches=expected)


@control("LOG-02")
def test_a_change_of_accounts_is_recorded(host, own_kernel, expect):
    attempt = audit_records.of_accounts(host)
    found = [(event.kind, event.key, event.person) for event in attempt.events]
    expect(
        "records of opening the accounts", found, includes=[("write", "identity", attempt.person)]
    )


@control("LOG-02")
def test_records_go_to_syslog(host, own_kernel, expect):
    expect("programs that auditd feeds", audit_daemon.plugins(host), includes=["audisp-syslog"])
    expect("records of a change in syslog", audit_records.in_syslog(host), at_least=1)


# LOG-03: locked


@control("LOG-03")
def test_nobody_can_change_what_is_recorded(host, own_kernel, expect):
    expect("enabled (2: locked)", audit_daemon.kernel(host).get("enabled"), equals="2")
    # Where it isn't refused it changes nothing: 1 is what an unlocked audit has already.
    attempt = host.run("auditctl -e 1")
    expect("exit code of a change", attempt.rc, differs_from=0)


@control("LOG-03")
def test_a_boot_locks_the_rules(host, own_kernel, expect):
    expect("lock at boot", audit_rules.lock_after_a_boot(host), equals="2")


# LOG-04: auditd goes on


@control("LOG-04")
def test_systemd_refuses_to_stop_auditd(host, own_kernel, expect):
    found = audit_daemon.stoppable(host)
    expect("services that can be stopped, and auditd with them", found, nothing=True)


@control("LOG-04")
def test_auditd_comes_back_when_it_is_killed(host, own_kernel, expect):
    shown = audit_daemon.unit(host)
    expect("restart of auditd", shown["Restart"], equals="always")
    expect("time in which restarts are counted", shown["StartLimitIntervalUSec"], equals="0")


# LOG-05: how records are kept


@control("LOG-05")
def test_auditd_keeps_records_as_declared(host, own_kernel, policy, expect):
    found = audit_daemon.configuration(host)
    wanted = {
        "local_events": "yes",
        "write_logs": "yes",
        "log_file": "/var/log/audit/audit.log",
        "log_format": "enriched",
        "name_format": "hostname",
        "max_log_file_action": "rotate",
    }
    for name, value in wanted.items():
        expect(name, found.get(name, "its default"), equals=value)
    size, files = int(found.get("max_log_file", 8)), int(found.get("num_logs", 5))
    expect("MB of a file", size, at_least=policy.audit.log_megabytes)
    expect("files", files, at_least=policy.audit.log_files)


@control("LOG-05")
def test_a_full_disk_does_what_the_site_decided(host, own_kernel, policy, expect):
    found = audit_daemon.configuration(host)
    for name, action in policy.audit.actions.items():
        expect(name, found.get(name, "its default"), equals=action.lower())
    # 2 would halt the host when the kernel loses a record.
    expect("failure (1: told)", audit_daemon.kernel(host).get("failure"), equals="1")


@control("LOG-05")
def test_auditd_has_read_its_configuration(host, own_kernel, expect):
    found = audit_daemon.is_of_its_configuration(host)
    expect("auditd started after its configuration changed", found, equals="yes")


@control("LOG-05")
def test_only_root_reads_the_records(host, own_kernel, expect):
    expect("records open to others", audit_daemon.open_to_others(host), nothing=True)


# ACR-01: the access record


@control("ACR-01")
def test_the_access_record_has_its_rules(host, data, rules, expect):
    wanted = [one for one in rules if one.key == ACCESS_RECORD]
    expect("rules of the access record", len(wanted), at_least=2)
    missing = told(audit_rules.lacking(wanted, audit_rules.loaded(host)))
    expect("rules of the access record that the kernel lacks", missing, nothing=True)


@control("ACR-01")
def test_every_access_to_data_is_recorded(host, data, expect):
    for path in data:
        attempt = audit_records.allowed(host, path)
        found = attempt.in_place(path)
        of_the_record = {
            event.kind for event in found if event.key == ACCESS_RECORD and event.allowed
        }
        expect(f"accesses to {path} on record", of_the_record, includes=KINDS_OF_ACCESS)
        people = {event.person for event in found}
        expect(f"person on record for {path}", people, equals={attempt.person})


@control("ACR-01")
def test_nobody_can_become_another_person(host, own_kernel, expect):
    expect(
        "root's attempt to be another person", audit_daemon.change_of_login(host), equals="refused"
    )


# ACR-02: what is denied


@control("ACR-02")
def test_the_record_of_denied_accesses_has_its_rules(host, rules, expect):
    wanted = [one for one in rules if one.key == ACCESS_DENIED]
    expect("rules of denied accesses", len(wanted), at_least=4)
    missing = told(audit_rules.lacking(wanted, audit_rules.loaded(host)))
    expect("rules of denied accesses that the kernel lacks", missing, nothing=True)


@control("ACR-02")
def test_denied_accesses_are_recorded(host, own_kernel, policy, declared, expect):
    paths = [entry.path for entry in policy.permissions.data_of(declared)]
    for path in paths or ["/root"]:
        attempt = audit_records.denied(host, path)
        for place in (path, "/dev/shm"):
            found = attempt.in_place(place)
            kinds = {event.kind for event in found if not event.allowed}
            expect(f"denied accesses to {place} on record", kinds, includes=KINDS_OF_DENIAL)
            people = {event.person for event in found}
            expect(f"person on record for {place}", people, equals={attempt.person})
