import json
import tempfile
from types import SimpleNamespace

import pytest

from ringfence.facts.ssh import fingerprint
from ringfence.operations import (
    accounts,
    apparmor,
    core_dumps,
    kernel,
    nftables,
    openssl,
    packages,
    pam,
    passwords,
    people,
    permissions,
    radios,
    repositories,
    schedules,
    ssh,
    surplus,
    telling,
)
from ringfence.operations.environment import EFFECTS
from ringfence.operations.files import Directory, File, tree_command
from ringfence.site.keys import parse_public_key

NOTHING = {"entries": {}, "members": {}, "leftovers": False}


@pytest.fixture
def said(monkeypatch):
    """What returns all that was told, by operations of a host that a plan asks."""
    plan = SimpleNamespace(
        is_executing=False, op_meta={"1": SimpleNamespace(names=["ssh | SSH-01 sshd"])}
    )
    monkeypatch.setattr(telling, "state", plan)
    monkeypatch.setattr(telling, "host", SimpleNamespace(name="pbx1", current_op_hash="1"))
    with tempfile.TemporaryFile("w+") as kept:
        monkeypatch.setenv(EFFECTS, str(kept.fileno()))

        def read():
            kept.seek(0)
            return [json.loads(line) for line in kept]

        read.plan = plan
        yield read


def test_a_plan_tells_what_would_be_and_an_apply_what_was_done(said):
    telling.would("removal", path="/etc/x")
    telling.did("restart", "never.service")
    said.plan.is_executing = True
    telling.would("removal", path="/etc/never")
    telling.did("restart", "ssh.service")
    assert [(entry["host"], entry["operation"]) for entry in said()] == [
        ("pbx1", "ssh | SSH-01 sshd")
    ] * 2
    assert [entry["kind"] for entry in said()] == ["removal", "did"]
    assert said()[1]["unit"] == "ssh.service"


def test_nothing_is_told_when_nobody_listens(said, monkeypatch):
    monkeypatch.delenv(EFFECTS)
    telling.would("removal", path="/etc/x")
    assert said() == []


@pytest.mark.parametrize(
    ("mode", "directory", "shown", "told"),
    [
        ("0644", "0755", None, "the content"),
        ("0640", "0755", None, None),
        ("0644", "0750", None, None),
        ("0600", "0700", True, "the content"),
        ("0644", "0755", False, None),
    ],
)
def test_the_content_of_a_closed_file_is_not_even_told(said, mode, directory, shown, told):
    tree_command(
        NOTHING,
        [File(path="/etc/x/file", content="the content", mode=mode, shown=shown)],
        [Directory(path="/etc/x", mode=directory)],
        [],
    )
    assert [entry["kind"] for entry in said()] == ["directory", "file"]
    assert said()[1]["content"] == told


KEYS = [f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{letter * 43}" for letter in "abcd"]
RULES = """\
table inet ringfence {{
\tset banned4 {{
\t\ttype ipv4_addr
\t\tflags timeout
\t}}
\tchain input {{
\t\ttype filter hook input priority filter; policy drop;
\t\tip saddr {{ 192.0.2.1,
\t\t\t   192.0.2.2 }} accept
\t\t{rules}
\t}}
}}
"""
FACTS = [
    (
        packages,
        "installed",
        {"names": ["rsyslog", "nftables"]},
        {"installed": {"rsyslog": "8"}, "leftover": False},
        [("package nftables", "installed")],
    ),
    (
        surplus,
        "packages",
        {"unwanted": ["telnet*"], "remove": True},
        ["telnet", "telnetd"],
        [
            ("package telnet", "removed, unless others need it"),
            ("package telnetd", "removed, unless others need it"),
        ],
    ),
    (surplus, "packages", {"unwanted": ["telnet"], "remove": False}, ["telnet"], []),
    (
        kernel,
        "settings",
        {"settings": [kernel.Setting(name="kernel.sysrq", values=["0"])]},
        {
            "values": [
                {
                    "name": "kernel.sysrq",
                    "path": "/proc/sys/kernel/sysrq",
                    "value": "438",
                    "can_change": True,
                }
            ]
        },
        [("/proc/sys/kernel/sysrq", "438 → 0")],
    ),
    (
        kernel,
        "read_at_boot",
        {
            "path": "/etc/sysctl.d/zz.conf",
            "settings": [kernel.Setting(name="kernel.sysrq", values=["0"])],
        },
        {"vanishing": False, "lines": [("/etc/sysctl.d/50.conf", 3, "kernel.sysrq = 1\n")]},
        [("/etc/sysctl.d/50.conf", "line 3 becomes a comment")],
    ),
    (
        kernel,
        "mounts",
        {"options": {"/tmp": ["nodev", "noexec"]}, "unit": "mounts.service"},
        {"mounted": {"/tmp": ["rw"]}, "container": False},
        [("/tmp", "mounted with nodev,noexec")],
    ),
    (
        kernel,
        "unloaded",
        {"modules": ["dccp"]},
        {"container": False, "loaded": ["dccp"], "held": []},
        [("module dccp", "unloaded")],
    ),
    (
        people,
        "register",
        {
            "people": [people.Person(name="ana", full_name="Ana")],
            "services": ["deploy"],
            "close_strangers": True,
        },
        {
            "people": {"ana": ["shell", "group:docker"]},
            "leavers": ["bob"],
            "system": ["deploy", "postgres"],
            "strangers": ["eve"],
            "doubles": ["group"],
        },
        [
            ("group", "loses entries that repeat a name or a number"),
            ("account ana", "made, or put right"),
            ("account ana in group docker", "taken out"),
            ("account bob", "closed"),
            ("account eve", "closed"),
            ("account deploy", "its password locked"),
            ("account postgres", "its password locked, without a shell"),
        ],
    ),
    (
        permissions,
        "privileges",
        {"allowed": {"/usr/bin/su": "4755 root:root"}, "answer": "/var/lib/ringfence/x"},
        {
            "programs": [
                {"path": "/usr/bin/su", "grant": "4777 root:root", "package": "login"},
                {"path": "/opt/lend", "grant": "4755 root:root", "package": ""},
            ],
            "open": ["/opt/all"],
            "unowned": ["/opt/nobody"],
        },
        [
            ("/usr/bin/su", "4777 root:root → 4755 root:root"),
            ("/opt/lend", "loses its privileges"),
            ("/opt/all", "no longer everybody's to write"),
            ("/opt/nobody", "given to root"),
        ],
    ),
    (
        permissions,
        "homes",
        {},
        [
            {
                "account": "ana",
                "path": "/home/ana",
                "mode": 0o755,
                "owner": "ana",
                "extended": False,
            }
        ],
        [("/home/ana", "ana's alone")],
    ),
    (
        permissions,
        "system_files",
        {"files": [permissions.SystemFile(path="/etc/shadow", mode="0640")]},
        {"/etc/shadow": {"mode": 0o644, "owner": "root", "group": "root", "extended": False}},
        [("/etc/shadow", "root's, with no more than 0640")],
    ),
    (
        core_dumps,
        "forbidden",
        {"limits": "/etc/security/limits.d/ringfence.conf"},
        {
            "lines": [("/etc/security/limits.d/x.conf", 2), ("/etc/security/limits.d/x.conf", 1)],
            "services": ["a.service", "b.service"],
            "processes": [7],
        },
        [
            ("/etc/security/limits.d/x.conf", "lines 1, 2 become comments"),
            ("2 services", "may leave no core dump"),
            ("1 running process", "may leave no core dump"),
        ],
    ),
    (
        openssl,
        "not_weakened",
        {"path": "/etc/ssl/openssl.cnf"},
        [4],
        [("/etc/ssl/openssl.cnf", "line 4 says TLS 1.2, or level 2")],
    ),
    (
        radios,
        "addresses",
        {"path": "/etc/NetworkManager/conf.d/ringfence.conf"},
        {"showing": [("/etc/NetworkManager/conf.d/x.conf", 9)], "behind": False},
        [("/etc/NetworkManager/conf.d/x.conf", "line 9 becomes a comment")],
    ),
    (
        repositories,
        "signed",
        {"approved": {"https://deb.debian.org/debian": "/usr/share/keyrings/debian.gpg"}},
        {
            "entries": [
                {
                    "file": "/etc/apt/sources.list",
                    "first": 1,
                    "last": 1,
                    "text": "deb https://deb.debian.org/debian trixie main",
                },
                {
                    "file": "/etc/apt/sources.list.d/x.list",
                    "first": 3,
                    "last": 3,
                    "text": "deb https://me:hunter2@evil.test/debian trixie main",
                },
            ],
            "loose": [("/etc/apt/apt.conf", 5)],
            "keys": [],
            "open": ["/usr/share/keyrings/debian.gpg"],
        },
        [
            ("/etc/apt/sources.list.d/x.list", "line 3 becomes a comment"),
            ("/etc/apt/sources.list, line 1", "signed by /usr/share/keyrings/debian.gpg"),
            ("/etc/apt/apt.conf", "line 5 becomes a comment"),
            ("/usr/share/keyrings/debian.gpg", "root's alone to write"),
        ],
    ),
    (
        passwords,
        "definitions",
        {"values": {"PASS_MAX_DAYS": "365", "UMASK": "027"}},
        {"definitions": {"PASS_MAX_DAYS": ["99999"], "UMASK": ["027"]}},
        [("/etc/login.defs, PASS_MAX_DAYS", "set to 365")],
    ),
    (
        passwords,
        "kept",
        {"files": {"/etc/shadow": "0640:root:shadow", "/etc/gshadow": "0640:root:shadow"}},
        {
            "files": {"/etc/shadow": "644:root:root", "/etc/gshadow": "640:root:shadow"},
            "accounts": [
                {"name": "ana", "scheme": "empty", "changed": 1},
                {"name": "bob", "scheme": "other", "changed": 1},
            ],
        },
        [
            ("/etc/shadow", "mode 0640, owner root:shadow"),
            ("account ana", "its password, which is empty, locked"),
            ("account bob", "changes its password at the next login"),
        ],
    ),
    (
        schedules,
        "restricted",
        {"accounts": ["root"], "remove": False},
        {
            "open": ["/etc/cron.d"],
            "lists": {
                "at": {"mode": "640", "owner": "root", "group": "daemon", "accounts": ["root"]}
            },
            "denied": [],
            "crontab_group": "crontab",
            "planned": [],
        },
        [("/etc/cron.d", "root's alone"), ("/etc/cron.allow", "names root alone")],
    ),
    (
        pam,
        "profiles",
        {"wanted": ["ringfence"], "unwanted": "unix"},
        {"absent": [], "differing": ["auth"], "edited": []},
        [("/etc/pam.d/common-auth", "composed anew of the profiles")],
    ),
    (
        apparmor,
        "enforced",
        {"complaining": [], "disabled": []},
        {
            "container": False,
            "enabled": True,
            "active": True,
            "weak": {"/etc/apparmor.d/x": ["x"]},
            "links": [],
            "loaded": {"x": "complain"},
            "declared": ["x", "y"],
        },
        [
            ("/etc/apparmor.d/x", "enforces"),
            ("profile x", "enforces"),
            ("profile y", "loaded"),
        ],
    ),
    (
        accounts,
        "groups",
        {
            "groups": [
                accounts.Group(name="disk"),
                accounts.Group(name="sec", members=["ana", "bob", "cy"]),
                accounts.Group(name="new", members=["ana"]),
            ]
        },
        {
            "groups": {
                "disk": {"members": ["eve"], "primary": ["mal"]},
                "sec": {"members": ["bob"], "primary": []},
            },
            "accounts": ["ana", "bob"],
        },
        [
            ("group new", "made"),
            ("account ana in group sec", "put in"),
            ("account ana in group new", "put in"),
            ("account eve in group disk", "taken out"),
            ("account mal", "its own group becomes nogroup"),
        ],
    ),
    (
        nftables,
        "loaded",
        {"path": "/etc/nftables.conf", "family": "inet", "table": "ringfence"},
        {
            "loaded": RULES.format(rules="tcp dport 22 accept"),
            "running": RULES.format(rules="tcp dport 23 accept\n\t\tudp dport 7 accept")
            + 'table ip nat {\n\tchain docker {\n\t\tcounter comment "hunter2"\n\t}\n}\n',
        },
        [
            ("table ip nat", "deleted, with 1 rule"),
            ("table inet ringfence", "2 rules go, 1 comes"),
        ],
    ),
    (
        nftables,
        "loaded",
        {"path": "/etc/nftables.conf", "family": "inet", "table": "ringfence"},
        {"loaded": None, "running": ""},
        [("table inet ringfence", "made")],
    ),
    (
        ssh,
        "personal_keys",
        {"allowed": {"ana": [KEYS[0]]}},
        [
            {"account": "ana", "file": "authorized_keys", "keys": [KEYS[0], KEYS[1]]},
            {"account": "bob", "file": "authorized_keys2", "keys": []},
        ],
        [
            (
                ".ssh/authorized_keys of account ana",
                "moved, for it holds keys that the register doesn't know",
            ),
            (f"key {fingerprint(KEYS[1])} of account ana", "goes with its file"),
        ],
    ),
]


@pytest.mark.parametrize(("module", "name", "words", "fact", "told"), FACTS)
def test_a_plan_names_what_is_no_file_of_ours(said, monkeypatch, module, name, words, fact, told):
    asked = SimpleNamespace(get_fact=lambda *_args, **_words: fact, noop=lambda _why: None)
    monkeypatch.setattr(module, "host", asked)
    list(getattr(module, name)._inner(**words))
    things = [(each["thing"], each["change"]) for each in said() if each["kind"] == "thing"]
    assert things == told


def test_a_plan_names_keys_by_their_fingerprints(said, monkeypatch):
    kept = {
        "ana": [f"{KEYS[0]} ana@old", f'expiry-time="20260101" {KEYS[1]} ana@laptop', "# hunter2"],
        "eve": [f"{KEYS[3]} hunter2"],
    }
    state = {"entries": {}, "members": {}, "leftovers": False}
    facts = {"Accounts": {"accounts": ["ana"]}, "Tree": state, "KeyFiles": kept}
    asked = SimpleNamespace(
        get_fact=lambda fact, **_words: facts[fact.__name__], noop=lambda _why: None
    )
    monkeypatch.setattr(ssh, "host", asked)
    lines = {
        "ana": [f'expiry-time="20270101" {KEYS[1]} ana@laptop', KEYS[2]],
        "bob": [f"{KEYS[3]} bob"],
    }
    list(ssh.authorized_keys._inner(lines=lines, deployer="ana"))
    things = [(each["thing"], each["change"]) for each in said() if each["kind"] == "thing"]
    assert things == [
        (f"key {fingerprint(KEYS[1])} (ana@laptop) of account ana", "gets other options"),
        (f"key {fingerprint(KEYS[2])} of account ana", "let in"),
        (f"key {fingerprint(KEYS[0])} of account ana", "no longer let in"),
        (f"key {fingerprint(KEYS[3])} of account eve", "no longer let in"),
    ]
    assert "hunter2" not in json.dumps(said())


def test_a_fingerprint_is_the_one_that_the_register_has():
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOxIRUt5X5QNgLvaIV3i/so2eaGFhZydiCwVCdl7fPyv"
    assert fingerprint(key) == parse_public_key(key).fingerprint
    assert fingerprint("ssh-ed25519 AAAAC") == "without a fingerprint"


def test_an_apply_asks_for_no_key_to_be_named(said, monkeypatch):
    said.plan.is_executing = True
    facts = {"Accounts": {"accounts": []}, "Tree": NOTHING}
    asked = SimpleNamespace(
        get_fact=lambda fact, **_words: facts[fact.__name__], noop=lambda _why: None
    )
    monkeypatch.setattr(ssh, "host", asked)
    assert list(ssh.authorized_keys._inner(lines={}, deployer="ana"))
    assert said() == []


def test_of_many_lines_and_files_a_plan_names_some(said):
    telling.would_edit({"/etc/x": ["10", "9", "11", "12", "13", "14"]})
    telling.would_edit({f"/etc/{number}": [number] for number in range(1, 40)})
    things = [(each["thing"], each["change"]) for each in said()]
    assert things[0] == ("/etc/x", "lines 9, 10, 11, 12, 13 and 1 more become comments")
    assert len(things) == telling.MOST_THINGS + 2
    assert things[-1] == (f"{39 - telling.MOST_THINGS} more", "in the same way")


def test_of_thousands_a_plan_names_some_and_counts_the_rest(said):
    most = telling.MOST_THINGS
    telling.would_change("given to root", *(f"/opt/{number}" for number in range(most)))
    telling.would_change("removed", *(f"/srv/{number}" for number in range(5000)))
    things = [(each["thing"], each["change"]) for each in said()]
    assert len(things) == 2 * most + 1
    assert things[most - 1] == (f"/opt/{most - 1}", "given to root")
    assert things[-1] == (f"{5000 - most} more", "removed")
