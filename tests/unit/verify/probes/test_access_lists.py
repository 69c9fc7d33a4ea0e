import pytest

from ringfence.verify.probes.access_lists import Account, accounts, key_files, lets_in

ANA = Account("ana", 1001, "/home/ana", frozenset({"ana", "staff"}))
ROOT = Account("root", 0, "/root", frozenset({"root"}))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, True),
        ({"allowusers": ["ana"]}, True),
        ({"allowusers": ["a*@10.0.0.0/8"]}, True),
        ({"allowusers": ["bruno"]}, False),
        ({"allowusers": ["*", "!ana"]}, False),
        ({"denyusers": ["an?"]}, False),
        ({"denyusers": ["ana@10.0.0.1"]}, True),
        ({"denyusers": ["ana@*"]}, False),
        ({"denyusers": ["bruno"]}, True),
        ({"allowgroups": ["staff"]}, True),
        ({"allowgroups": ["wheel", "ring*"]}, False),
        ({"denygroups": ["staff"], "allowusers": ["ana"]}, False),
        ({"allowusers": ["ana"], "allowgroups": ["wheel"]}, False),
    ],
)
def test_the_lists_are_processed_as_sshd_does(settings, expected):
    assert lets_in(settings, ANA) is expected


@pytest.mark.parametrize(
    ("permitted", "expected"), [("no", False), ("yes", True), ("prohibit-password", True)]
)
def test_root_stays_out_when_root_may_not_log_in(permitted, expected):
    assert lets_in({"permitrootlogin": [permitted]}, ROOT) is expected


@pytest.mark.parametrize(
    ("listed", "paths"),
    [
        (".ssh/authorized_keys", ["/home/ana/.ssh/authorized_keys"]),
        ("/etc/keys/%u %h/k", ["/etc/keys/ana", "/home/ana/k"]),
        ("/k/100%%/%U", ["/k/100%/1001"]),
        ("none", []),
    ],
)
def test_the_tokens_of_a_key_file_are_filled_in(listed, paths):
    assert key_files({"authorizedkeysfile": [listed]}, ANA) == paths


class Host:
    answers = {
        "getent group": "ana:x:1001:\nstaff:x:50:ana,bruno\nbroken",
        "getent passwd": "ana:x:1001:1001:Ana,,:/home/ana:/bin/bash\nlost:x:9:99::/:/bin/sh\n"
        "+::::::",
    }

    def check_output(self, command):
        return self.answers[command]


def test_accounts_have_their_own_and_their_added_groups():
    ana, lost = accounts(Host())
    assert ana == Account("ana", 1001, "/home/ana", frozenset({"ana", "staff"}))
    assert lost.groups == {"99"}
