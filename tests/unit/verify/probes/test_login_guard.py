import json
from types import SimpleNamespace

from ringfence.verify.probes import login_guard

RULESET = json.dumps(
    {
        "nftables": [
            {
                "set": {
                    "name": "banned4",
                    "elem": [{"elem": {"val": "192.0.2.78", "timeout": 9}}, "192.0.2.9"],
                }
            },
            {"set": {"name": "friends", "elem": ["192.0.2.1"]}},
            {"rule": {"expr": [{"match": {"right": "@banned4"}}, {"drop": None}]}},
            {"rule": {"expr": [{"match": {"right": "@friends"}}, {"accept": None}]}},
        ]
    }
)


def host(text):
    return SimpleNamespace(run=lambda *_: SimpleNamespace(stdout=text))


def test_only_sets_that_drop_shut_out():
    assert login_guard.shut_out(RULESET) == {"192.0.2.78", "192.0.2.9"}
    assert login_guard.shut_out("") == set()


def test_strangers_are_named_when_the_kernel_drops_them():
    status = "Status for the jail: recidive\n   `- Banned IP list:\t192.0.2.78 192.0.2.5\n"
    tried = login_guard.try_strangers(host(f"192.0.2.78 2001:db8::5\n{RULESET}\n{status}"), 5)
    assert tried.strangers == ["192.0.2.78", "2001:db8::5"]
    assert tried.shut_out == ["192.0.2.78"]
    assert tried.for_longer == ["192.0.2.78"]


def test_a_host_that_does_not_answer_tried_no_strangers():
    assert login_guard.try_strangers(host(""), 5) == login_guard.Trial([], [], [])


def test_failures_that_a_filter_passes_over_are_named():
    class Regex:
        def run(self, command, *words):
            if command.startswith("test -e"):
                return SimpleNamespace(rc=1, stdout="")
            matched = int("Invalid user" not in words[0])
            said = f"Lines: 1 lines, 0 ignored, {matched} matched, {1 - matched} missed"
            return SimpleNamespace(rc=0, stdout=f"Results\n{said}\n")

    assert login_guard.unknown_failures(Regex()) == [
        "PROGRAM[9]: Invalid user oracle from 192.0.2.9 port 40000"
    ]


def test_jails_are_read_from_the_status():
    text = "Status\n|- Number of jail:\t2\n`- Jail list:\tsshd, recidive\n"
    assert login_guard.jails(host(text)) == ["recidive", "sshd"]
    assert login_guard.jails(host("")) == []


def test_networks_that_are_ignored_have_one_form():
    text = "These IP addresses/networks are ignored:\n|- 127.0.0.0/8\n|- ::1\n`- 10.0.0.1"
    assert login_guard.ignored(host(text), "sshd") == ["127.0.0.0/8", "::1/128", "10.0.0.1/32"]


def test_members_of_networks():
    found = login_guard.members(["10.0.0.1", "192.0.2.1", "2001:db8::1"], ["10.0.0.0/8", "::1/128"])
    assert found == ["10.0.0.1"]
