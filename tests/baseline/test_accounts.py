"""Accounts: who has one, what it may do, and what is left of those who went.

Everything is compared with the register: the people whom the policy admits to the host, and the
accounts that Ringfence uses. An account, a group's member or a rule that isn't in it is red.
"""

import re

import pytest

from ringfence.verify import control, not_applicable
from ringfence.verify.probes import (
    host_inventory,
    identities,
    key_register,
    last_logins,
    next_runs,
    session_limits,
    sudo_rules,
)
from ringfence.verify.probes.sudo_rules import SudoRules

NIGHT = 26  # hours: a day, and what a timer may be late
GENERIC = {
    *("admin", "administrator", "agent", "agente", "asterisk", "callcenter", "centos", "cisco"),
    *("debian", "demo", "formacion", "freepbx", "ftp", "ftpuser", "guest", "invitado", "kamailio"),
    *("mysql", "operador", "operator", "oracle", "pbx", "pi", "polycom", "postgres", "prueba"),
    *("soporte", "support", "supervisor", "sysadmin", "test", "toor", "ubuntu", "usuario", "user"),
    *("vagrant", "vicidial", "yealink"),
}
ROOT_BY_ANOTHER_NAME = ("sudo", "wheel", "disk", "kmem", "shadow", "docker", "lxd", "libvirt")
LOG_READERS = ("ringfence-sec", "adm", "systemd-journal")
LOGIN_GROUPS = {True: "ringfence-ops", False: "ringfence-admin"}
"""Who may log in to a bastion and elsewhere, where groups decide that."""
ONLY_ROOT_CHANGES = r"^root [0-7]*[0145][0145] "
NOTHING_FOR_OTHERS = ["0027", "0037", "0067", "0077"]
PASSWORDLESS = {"authenticate": False, "rootpw": True, "targetpw": True, "runaspw": True}


@pytest.fixture
def known(host):
    return identities.read(host)


@pytest.fixture
def today(host):
    return identities.today(host)


@pytest.fixture
def people(site, declared):
    register = [access for access in site.access(declared)[1:] if access.command is None]
    return {access.user: site.policy.people[access.user] for access in register}


@pytest.fixture
def services(site, declared):
    """The accounts that Ringfence logs in as."""
    return {access.user for access in site.access(declared)} & {
        declared.ssh.user,
        site.verifier.user,
    }


@pytest.fixture
def officers(people, policy):
    """The people who look after the logs."""
    settings = policy.accounts
    found = {name for name, one in people.items() if settings.looks_after_logs(one.roles)}
    if not found:
        not_applicable("nobody whom the site admits here looks after logs (accounts.log_officers)")
    return found


@pytest.fixture
def rules(host, expect):
    fault = sudo_rules.faults(host)
    if fault:
        expect("faults in sudo's rules", fault, nothing=True)
    return SudoRules(host)


# IAM-01: unique identities


@control("IAM-01")
def test_no_two_accounts_share_a_number(host, known, expect):
    expect("accounts", len(known), at_least=1)
    shared = identities.repeated(host, "passwd", 2)
    names = [f"{one.name} ({one.uid})" for one in known if str(one.uid) in shared]
    expect(f"accounts that share a number, of {len(known)}", names, nothing=True)


@control("IAM-01")
def test_no_two_accounts_share_a_name(host, known, expect):
    expect("accounts", len(known), at_least=1)
    shared = identities.repeated(host, "passwd", 0)
    expect(f"names that two accounts share, of {len(known)}", shared, nothing=True)


@control("IAM-01")
def test_no_two_groups_share_a_name_or_number(host, expect):
    expect("names that two groups share", identities.repeated(host, "group", 0), nothing=True)
    expect("numbers that two groups share", identities.repeated(host, "group", 2), nothing=True)


@control("IAM-01")
def test_only_root_has_the_number_of_root(known, expect):
    roots = [one.name for one in known if one.uid == 0]
    expect("accounts with the number 0", roots, equals=["root"])


@control("IAM-01")
def test_no_account_comes_from_nis(host, expect):
    expect("entries that NIS adds to", identities.foreign_entries(host), nothing=True)


@control("IAM-01")
def test_every_person_admitted_has_an_account(known, people, expect):
    missing = set(people) - identities.names(known)
    expect(f"people without an account, of {len(people)}", missing, nothing=True)


# IAM-02: no shared, generic or vendor's accounts


@control("IAM-02")
def test_every_account_that_can_log_in_is_in_the_register(known, today, people, services, expect):
    opened = {one.name for one in known if one.is_open(today)}
    registered = {"root", *services, *people}
    expect("accounts with a shell that have not expired", opened, within=registered)


@control("IAM-02")
def test_no_account_with_a_generic_name_is_open(known, today, services, expect):
    generic = [one for one in known if one.name in GENERIC and one.name not in services]
    found = [one.name for one in generic if one.is_open(today) or not one.is_locked]
    expect("open accounts with a generic name", found, nothing=True)


@control("IAM-02")
def test_the_account_of_a_person_bears_their_name(known, people, expect):
    comments = {one.name: one.comment.partition(",")[0] for one in known}
    for name, person in people.items():
        wanted = re.sub("[:,]", " ", person.full_name)
        expect(f"whose account {name} is", comments.get(name, "no account"), equals=wanted)


@control("IAM-02")
def test_only_accounts_of_people_have_passwords(known, people, policy, expect):
    with_password = {one.name for one in known if not one.is_locked}
    sealed = {"root"} if policy.accounts.root_console == "sealed" else set()
    expect("accounts with a password", with_password, within=sealed | set(people))


# IAM-07: inactive accounts


@control("IAM-07")
def test_logins_by_ssh_are_recorded(host, services, expect):
    modules = last_logins.recording_modules(host, "sshd")
    expect("modules of PAM that record a login", modules, differs_from=set())
    recorded = last_logins.logged_in_within(host, 1) & services
    expect("accounts of Ringfence's with a login on record today", recorded, differs_from=set())


@control("IAM-07")
def test_people_who_do_not_log_in_are_shut_out(host, known, today, people, policy, expect):
    limit = policy.accounts.inactive_days
    recent = last_logins.logged_in_within(host, limit)
    idle = []
    for one in known:
        if one.name in people and one.name not in recent and not one.has_expired(today):
            since = max(last_sign(host, one), days_since_1970(people[one.name].returned))
            if today - since > limit:
                idle.append(f"{one.name} (nothing for {today - since} days)")
    subject = f"people's open accounts without a login for {limit} days, of {len(people)}"
    expect(subject, idle, nothing=True)


@control("IAM-07")
def test_inactive_accounts_are_looked_for_every_night(host, expect):
    due = next_runs.due(host, last_logins.TIMERS)
    what = "timers that look for inactive accounts and are enabled and active"
    expect(what, len(due), at_least=1)
    expect("hours until that is due", min(one.hours for one in due), at_most=NIGHT)
    for timer in host_inventory.timers(host, last_logins.TIMERS):
        expect(f"last result of what {timer.unit} starts", timer.last_result, equals="success")


@control("IAM-07")
def test_an_expired_password_closes_its_account(host, known, people, policy, expect):
    limit = policy.accounts.password_inactive_days
    days = last_logins.default_days(host)
    expect("days that new accounts outlive their password", days, matches=r"^[0-9]+$")
    expect("days that new accounts outlive their password", int(days), at_most=limit)
    for one in known:
        if one.name in people:
            shown = "no end" if one.inactive is None else one.inactive
            subject = f"days that {one.name} outlives its password"
            expect(subject, shown, one_of=range(limit + 1))


# IAM-08: accounts of the system, and shells


@control("IAM-08")
def test_accounts_of_the_system_have_no_shell(known, services, expect):
    system = [one for one in known if one.is_of_the_system and one.name not in services]
    expect("accounts of the system", len(system), at_least=1)
    with_shell = [f"{one.name} ({one.shell})" for one in system if one.has_shell]
    expect(f"accounts of the system with a shell, of {len(system)}", with_shell, nothing=True)


@control("IAM-08")
def test_accounts_of_the_system_have_no_password(known, services, expect):
    system = [one for one in known if one.is_of_the_system or one.name in services]
    expect("accounts of the system", len(system), at_least=1)
    found = [one.name for one in system if not one.is_locked]
    expect(f"accounts of the system with a password, of {len(system)}", found, nothing=True)


@control("IAM-08")
def test_root_has_no_password(known, policy, expect):
    if policy.accounts.root_console == "sealed":
        not_applicable("root's password lies sealed, by the policy (accounts.root_console)")
    found = [one.name for one in known if one.name == "root" and not one.is_locked]
    expect("root with a password", found, nothing=True)


@control("IAM-08")
def test_an_idle_login_shell_ends(host, policy, expect):
    limit = policy.ssh.idle_minutes * 60
    found = session_limits.timeout_of_login_shells(host)
    expect("seconds after which an idle login shell ends", found, one_of=range(1, limit + 1))


@control("IAM-08")
def test_files_of_login_shells_are_closed_to_others(host, expect):
    shown = host.check_output("env -i HOME=/nonexistent PATH=/usr/bin:/bin bash -lc umask")
    expect("umask of a login shell", shown, one_of=NOTHING_FOR_OTHERS)


# IAM-09: the register


@control("IAM-09")
def test_every_person_admitted_can_log_in(host, known, today, people, policy, expect):
    found = {one.name: one for one in known}
    recent = last_logins.logged_in_within(host, policy.accounts.inactive_days)
    for name in people:
        one = found.get(name)
        resting = one is not None and one.has_expired(today) and name not in recent
        state = "absent" if one is None else "open" if one.is_open(today) else "closed"
        long_ago = resting and today - last_sign(host, one) > policy.accounts.inactive_days
        expect(f"account of {name}", "open" if long_ago else state, equals="open")


@control("IAM-09")
def test_nothing_is_left_of_accounts_outside_the_register(
    host, known, today, people, services, expect
):
    registered = {"root", "nobody", *services, *people}
    others = [one for one in known if not one.is_of_the_system and one.name not in registered]
    subject = "accounts of people and services in the register"
    expect(subject, sorted(identities.names(known) & registered), includes=["root", *services])
    for one in others:
        left = [*identities.ways_in(host, one, today), *keys_of(host, one)]
        expect(f"what is left of {one.name}, which is not in the register", left, nothing=True)


@control("IAM-09")
def test_people_are_in_the_groups_of_their_roles_alone(known, people, policy, declared, expect):
    login = LOGIN_GROUPS[declared.in_group("bastion")]
    found = {one.name: one for one in known}
    for name, person in people.items():
        own = {name, login, *policy.accounts.groups_of(person.roles)}
        groups = found[name].groups if name in found else {"no account"}
        expect(f"groups of {name}", groups, within=own)


@control("IAM-09")
def test_nobody_is_in_a_group_that_is_root_by_another_name(host, expect):
    for group in ROOT_BY_ANOTHER_NAME:
        expect(f"members of {group}", identities.members(host, group), nothing=True)


# PRV-01: sudo and su


@control("PRV-01")
def test_sudo_finds_no_fault_in_its_rules(host, expect):
    expect("faults in sudo's rules", sudo_rules.faults(host), nothing=True)


@control("PRV-01")
def test_every_command_gets_a_terminal_of_its_own(rules, site, expect):
    expect("use_pty", rules.effective("use_pty"), equals=True)
    without = {one.bound_to for one in rules.exceptions("use_pty") if one.value is not True}
    expect("who gets none", without, within={(site.verifier.user,)})


@control("PRV-01")
def test_every_command_is_logged(rules, expect):
    expect("logfile", str(rules.effective("logfile")), matches="^/")
    for name in ("logfile", "syslog", "log_allowed", "log_denied"):
        off = [one.bound_to for one in rules.settings(name) if one.value is False]
        expect(f"lines that turn {name} off", off, nothing=True)


@control("PRV-01")
def test_the_log_of_sudo_is_written_and_closed_to_others(host, rules, services, expect):
    path = str(rules.effective("logfile"))
    expect("owner and mode", host.run("stat -c '%%U %%a' -- %s", path).stdout, matches="^root 600")
    pattern = f": ({'|'.join(sorted(services))}) : .*COMMAND="
    entries = host.run("grep -cE -- %s %s", pattern, path).stdout.strip()
    expect("commands of Ringfence's in the log", int(entries or 0), at_least=1)


@control("PRV-01")
def test_sudo_soon_asks_for_the_password_again(rules, expect):
    minutes = rules.effective("timestamp_timeout")
    expect("minutes", "not set" if minutes is None else minutes, matches=r"^[0-5](\.[0-9]+)?$")
    others = [one for one in rules.exceptions("timestamp_timeout") if float(one.value) > 5]
    others += [one for one in rules.exceptions("timestamp_timeout") if float(one.value) < 0]
    expect("who is asked later", [one.bound_to for one in others], nothing=True)


@control("PRV-01")
def test_sudo_has_rules_for_the_register_alone(rules, policy, services, expect):
    duties = {f"%duty-{role}" for role in policy.accounts.duties}
    subjects = {rule.subject for rule in rules.every()}
    expect("whom sudo's rules name", subjects, within={"root", *services, *duties})


@control("PRV-01")
def test_sudo_asks_people_for_their_password(rules, services, expect):
    passwordless = {rule.subject for rule in rules.every() if not rule.with_password}
    expect("who needs no password", passwordless, within={"root", *services})
    for name, value in PASSWORDLESS.items():
        lines = [one.bound_to or "all" for one in rules.settings(name) if one.value is value]
        expect(f"Defaults that ask for no password of their own ({name})", lines, nothing=True)


@control("PRV-01")
def test_people_may_run_what_their_roles_say(rules, known, people, policy, expect):
    found = {one.name: one for one in known}
    for name, person in people.items():
        groups = found[name].groups if name in found else frozenset()
        allowed = {rule.command for rule in rules.of(name, groups)}
        wanted = {as_a_rule(command) for command in policy.accounts.commands_of(person.roles)}
        expect(f"what {name} may run", allowed, equals=wanted)
        as_whom = {user for rule in rules.of(name, groups) for user in rule.runas}
        expect(f"as whom {name} may run it", as_whom, within={"root"})


@control("PRV-01")
def test_only_root_can_change_the_rules(host, expect):
    paths = sudo_rules.files(host)
    expect("files with rules", len(paths), at_least=1)
    for path in [*paths, *sudo_rules.folders(host, paths)]:
        for shown in key_register.owners_and_modes(host, path):
            expect(f"owner and mode on the way to {path}", shown, matches=ONLY_ROOT_CHANGES)


@control("PRV-01")
def test_sudo_takes_rules_from_its_files_alone(host, expect):
    expect("other sources of rules", sudo_rules.other_sources(host), nothing=True)


@control("PRV-01")
def test_nobody_but_root_may_use_su(host, expect):
    who = sudo_rules.who_may_use_su(host)
    expect("who may use su", who, matches="^group ")
    members = identities.members(host, who.removeprefix("group ")) - {"root"}
    expect(f"members of the {who}", members, nothing=True)


# PRV-04: the logs apart from the system


@control("PRV-04")
def test_who_looks_after_the_logs_is_not_root(rules, known, officers, expect):
    for one in known:
        if one.name in officers:
            everything = {rule.command for rule in rules.of(one.name, one.groups)} & {"ALL"}
            expect(f"what {one.name} may run as root", everything, nothing=True)
            by_group = one.groups & {"root", *ROOT_BY_ANOTHER_NAME}
            expect(f"groups of {one.name} that are root by another name", by_group, nothing=True)
    expect("who looks after the logs", officers & identities.names(known), equals=officers)


@control("PRV-04")
def test_who_looks_after_the_logs_may_read_them(known, officers, expect):
    expect("who looks after the logs", officers & identities.names(known), equals=officers)
    for one in known:
        if one.name in officers:
            expect(f"groups of {one.name}", one.groups, includes=["adm", "systemd-journal"])


@control("PRV-04")
def test_nobody_else_looks_after_the_logs(known, people, policy, expect):
    settings = policy.accounts
    officers = {name for name, one in people.items() if settings.looks_after_logs(one.roles)}
    for group in LOG_READERS:
        found = {one.name for one in known if group in one.groups}
        expect(f"members of {group}", found, within=officers)


def days_since_1970(day):
    """Return the number of a day as shadow(5) counts; 0 for none."""
    return (day - type(day)(1970, 1, 1)).days if day else 0


def last_sign(host, one):
    """Return the day of a password's last change; of the home's birth, if it is to be changed."""
    return one.changed or last_logins.day_of_birth(host, one.home)


def as_a_rule(command):
    """Return a command of the policy as sudoers(5) writes it; `""` allows no argument."""
    return command if command == "ALL" or " " in command else f'{command} ""'


def keys_of(host, identity):
    """Return the usual places of keys in which something lies for an account."""
    places = [
        f"{identity.home}/.ssh/authorized_keys",
        f"{identity.home}/.ssh/authorized_keys2",
        f"/etc/ssh/authorized_keys.d/{identity.name}",
    ]
    return [f"keys in {path}" for path in places if host.file(path).exists]
