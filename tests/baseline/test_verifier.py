"""The account that verifies: what its key may run, what sudo gives it, and how that is confined."""

import re

import pytest

from ringfence.verify import control, not_applicable
from ringfence.verify.probes import confinement, key_register
from ringfence.verify.probes.access_lists import accounts
from ringfence.verify.probes.sshd_configuration import SshdConfiguration

ONLY_ROOT_CHANGES = r"^root [0-7]*[0145][0145] "
ITS_OPTIONS = {"restrict", "command", "expiry-time", "from"}
CONFINED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "read-only",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "RestrictNamespaces": "yes",
    "SystemCallFilter": "@system-service",
    "IPAddressDeny": "any",
}
LIMITS = ("RuntimeMaxSec", "MemoryMax", "TasksMax")
ONE_CAPABILITY = {"CAP_DAC_READ_SEARCH"}
SECRET = {
    *("/etc/shadow-", "/etc/gshadow-", "/root/.ssh", "/etc/ssl/private", "/etc/wireguard"),
    *("/var/backups", "/var/lib/ringfence/previous", "/var/lib/ringfence/states"),
    "/var/lib/ringfence/guard",
}
"""Hashes, keys, and copies of files that had some: the capability would read all of them."""


@pytest.fixture
def verifier(site, declared):
    """The account in the site's register of access."""
    confined = [access for access in site.access(declared) if access.command is not None]
    if not confined:
        not_applicable("the site has no account that verifies: policy.yml gives it no key")
    return confined[0]


@pytest.fixture
def its_keys(host, site, declared, verifier, expect):
    configuration = SshdConfiguration(host, [access.user for access in site.access(declared)])
    granted = key_register.granted_keys(host, configuration)
    found = [key for key in granted if key.account == verifier.user]
    expect(f"keys of {verifier.user} in force", len(found), at_least=1)
    return found


@pytest.fixture
def by_sudo(host, verifier, expect):
    faults = confinement.faults_of_sudo(host)
    expect("faults in sudo's rules", faults, nothing=True)
    return confinement.sudo_commands(host, verifier.user)


@control("PRV-05")
def test_each_of_its_keys_runs_one_command(its_keys, verifier, expect):
    for key in its_keys:
        expect(f"command of {key}", key.line.options.get("command"), equals=[verifier.command])


@control("PRV-05")
def test_its_keys_are_restricted(its_keys, verifier, expect):
    for key in its_keys:
        options = set(key.line.options)
        expect(f"options of {key}", options, includes={"restrict"})
        hops = {"port-forwarding", "permitopen"} if verifier.hops else set()
        expect(f"options of {key}", options, within=ITS_OPTIONS | hops)
        beyond = key.line.options.get("permitopen", [])
        expect(f"hosts to which {key} may jump", beyond, within=set(verifier.hops))


@control("PRV-05")
def test_sudo_lets_it_run_one_command_without_arguments(by_sudo, verifier, expect):
    expect(f"commands that sudo lets {verifier.user} run", len(by_sudo), equals=1)
    for command in by_sudo:
        expect("command that sudo lets it run", command, matches=r'^/[a-z/-]+ ""$')


@control("PRV-05")
def test_only_root_can_change_what_it_runs(host, by_sudo, verifier, expect):
    expect(f"commands that sudo lets {verifier.user} run", len(by_sudo), at_least=1)
    for path in [verifier.command, *(command.split()[0] for command in by_sudo)]:
        shown = key_register.owners_and_modes(host, path)
        expect(f"files and folders on the way to {path}", len(shown), at_least=1)
        for line in shown:
            expect(f"owner and mode on the way to {path}", line, matches=ONLY_ROOT_CHANGES)


@control("PRV-05")
def test_what_it_runs_can_write_nothing(host, by_sudo, verifier, expect):
    expect(f"commands that sudo lets {verifier.user} run", len(by_sudo), at_least=1)
    for command in by_sudo:
        found = confinement.properties(host, command.split()[0])
        for name, value in CONFINED.items():
            expect(f"{name} of what it runs", found.get(name, "not set"), equals=value)


@control("PRV-05")
def test_what_it_runs_can_read_no_hash_or_foreign_key(host, by_sudo, verifier, expect):
    expect(f"commands that sudo lets {verifier.user} run", len(by_sudo), at_least=1)
    for command in by_sudo:
        found = confinement.properties(host, command.split()[0])
        hidden = {path.lstrip("-") for path in found.get("InaccessiblePaths", "").split()}
        expect("places hidden from what it runs", hidden, includes=SECRET)


@control("PRV-05")
def test_what_it_runs_is_not_root(host, by_sudo, verifier, expect):
    expect(f"commands that sudo lets {verifier.user} run", len(by_sudo), at_least=1)
    for command in by_sudo:
        found = confinement.properties(host, command.split()[0])
        expect("account that answers", found.get("User", "root"), equals=verifier.user)
        for name in ("CapabilityBoundingSet", "AmbientCapabilities"):
            rights = found.get(name, "all of them").split()
            expect(f"{name} of what it runs", rights, within=ONE_CAPABILITY)


@control("PRV-05")
def test_what_it_runs_is_limited(host, by_sudo, verifier, expect):
    expect(f"commands that sudo lets {verifier.user} run", len(by_sudo), at_least=1)
    for command in by_sudo:
        found = confinement.properties(host, command.split()[0])
        for name in LIMITS:
            expect(f"{name} of what it runs", found.get(name, "not set"), matches=r"^[0-9]+[A-Z]*$")


@control("PRV-05")
def test_it_is_in_no_group_but_its_own(host, verifier, expect):
    groups = {group for one in accounts(host) if one.name == verifier.user for group in one.groups}
    expect(f"groups of {verifier.user}", len(groups), at_least=1)
    expect(f"groups of {verifier.user}", groups, within={"ringfence-verify"})


@control("PRV-05")
def test_it_has_no_password(host, verifier, expect):
    shown = host.run("getent shadow -- %s", verifier.user).stdout
    expect(f"entries of {verifier.user} among the passwords", len(shown.splitlines()), equals=1)
    password = shown.split(":")[1]
    kind = re.sub(r"^(\$[^$]*\$|[^!*]).*", "a password", password) or "none is needed"
    expect(f"password of {verifier.user}", kind, matches=r"^[!*]")
