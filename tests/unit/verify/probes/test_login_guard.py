import json
from math import inf
from types import SimpleNamespace

from ringfence.verify.probes import login_guard

RULESET = json.dumps(
    {
        "nftables": [
            {
                "set": {
                    "name": "banned4",
                    "elem": [
                        {"elem": {"val": "192.0.2.78", "timeout": 9, "expires": 8}},
                        "192.0.2.9",
                    ],
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
    assert login_guard.shut_out(RULESET) == {"192.0.2.78": 8, "192.0.2.9": inf}
    assert login_guard.shut_out("") == {}


def test_of_two_sets_that_hold_an_address_the_longer_counts():
    other = json.loads(RULESET.replace("banned4", "banned_long4").replace("8}", "604790}"))
    both = json.dumps({"nftables": [*json.loads(RULESET)["nftables"], *other["nftables"]]})
    assert login_guard.shut_out(both)["192.0.2.78"] == 604_790


def test_strangers_are_named_when_the_kernel_drops_them():
    longer = RULESET.replace('"expires": 8', '"expires": 604790')
    tried = login_guard.try_strangers(host(f"192.0.2.78 2001:db8::5\n{RULESET}\n{longer}\n"), 5)
    assert tried.strangers == ["192.0.2.78", "2001:db8::5"]
    assert tried.shut_out == ["192.0.2.78"]
    assert tried.for_longer == ["192.0.2.78"]


def test_a_stranger_whom_the_kernel_drops_for_an_hour_alone_is_not_out_for_longer():
    hour = RULESET.replace('"expires": 8', '"expires": 3599')
    tried = login_guard.try_strangers(host(f"192.0.2.78 2001:db8::5\n{RULESET}\n{hour}\n"), 5)
    assert tried.for_longer == []


def test_a_host_that_does_not_answer_tried_no_strangers():
    assert login_guard.try_strangers(host(""), 5) == login_guard.Trial([], [], [])


SESSION = """\
Fail2Ban v1.1.0 reads log file that contains password failure report

fail2ban> Status
|- Number of jail:\t2
`- Jail list:\tsshd, recidive
fail2ban> Sorry but the jail 'other' does not exist
fail2ban> 5
fail2ban>
"""


def test_each_command_of_a_session_has_its_answer():
    status, other, tries = login_guard.asked(host(SESSION), "status", "get other a", "get sshd b")
    assert "sshd, recidive" in status
    assert (other, tries) == ("", "5")
    assert login_guard.asked(host(""), "ping", "status") == ["", ""]


def test_jails_are_read_from_the_status():
    assert login_guard.jails(host(SESSION)) == ["recidive", "sshd"]
    assert login_guard.jails(host("")) == []


def test_settings_are_by_jail_and_name():
    told = login_guard.settings(host("fail2ban> 5\nfail2ban> 600\nfail2ban> "), ["sshd"], "a", "b")
    assert told == {("sshd", "a"): "5", ("sshd", "b"): "600"}


def test_networks_that_are_never_shut_out_have_one_form():
    text = "These IP addresses/networks are ignored:\n|- 127.0.0.0/8\n|- ::1\n`- 10.0.0.1"
    assert login_guard.networks(text) == ["127.0.0.0/8", "::1/128", "10.0.0.1/32"]
    assert login_guard.networks("") == []


def test_members_of_networks():
    found = login_guard.members(["10.0.0.1", "192.0.2.1", "2001:db8::1"], ["10.0.0.0/8", "::1/128"])
    assert found == ["10.0.0.1"]
