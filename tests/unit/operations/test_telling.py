import json
import tempfile
from types import SimpleNamespace

import pytest

from ringfence.operations import kernel, packages, people, permissions, surplus, telling
from ringfence.operations.environment import EFFECTS
from ringfence.operations.files import Directory, File, tree_command

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
        [("/etc/sysctl.d/50.conf, line 3", "becomes a comment")],
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
            "people": ["ana"],
            "leavers": ["bob"],
            "system": ["deploy", "postgres"],
            "strangers": ["eve"],
            "doubles": ["group"],
        },
        [
            ("group", "loses entries that repeat a name or a number"),
            ("account ana", "made, or put right"),
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
]


@pytest.mark.parametrize(("module", "name", "words", "fact", "told"), FACTS)
def test_a_plan_names_what_is_no_file_of_ours(said, monkeypatch, module, name, words, fact, told):
    asked = SimpleNamespace(get_fact=lambda *_args, **_words: fact, noop=lambda _why: None)
    monkeypatch.setattr(module, "host", asked)
    list(getattr(module, name)._inner(**words))
    things = [(each["thing"], each["change"]) for each in said() if each["kind"] == "thing"]
    assert things == told


def test_of_thousands_a_plan_names_some_and_counts_the_rest(said):
    most = telling.MOST_THINGS
    telling.would_change("given to root", *(f"/opt/{number}" for number in range(most)))
    telling.would_change("removed", *(f"/srv/{number}" for number in range(5000)))
    things = [(each["thing"], each["change"]) for each in said()]
    assert len(things) == 2 * most + 1
    assert things[most - 1] == (f"/opt/{most - 1}", "given to root")
    assert things[-1] == (f"{5000 - most} more", "removed")
