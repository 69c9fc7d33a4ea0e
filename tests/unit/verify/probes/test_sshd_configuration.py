import re
from types import SimpleNamespace

import pytest

from ringfence.verify.probes.match_blocks import Connection
from ringfence.verify.probes.sshd_configuration import SshdConfiguration

DEBUG = """\
debug2: load_server_config: filename /etc/ssh/sshd_config\r
debug2: /etc/ssh/sshd_config line 1: new include /etc/ssh/sshd_config.d/*.conf\r
debug2: load_server_config: filename /etc/ssh/sshd_config.d/a.conf\r
debug3: checking syntax for 'Match Address 203.0.113.7'\r
debug3: checking match for 'Address 203.0.113.7' user root host h addr 127.0.0.1\r
"""


class Host:
    """Allows root from one address, and gives everybody two ports."""

    def __init__(self, debug="", rc=0):
        self.debug, self.rc = debug, rc

    def settings(self, specification):
        root = "yes" if "addr=203.0.113.7" in specification else "no"
        listens = (
            "listenaddress 0.0.0.0:22\nlistenaddress [::]:22\nlistenaddress 10.0.0.1:22 rdomain x\n"
        )
        return f"permitrootlogin {root}\nmaxsessions 4\n{listens}"

    def run(self, command):
        return SimpleNamespace(stdout=self.settings(command), stderr=self.debug, rc=self.rc)

    def check_output(self, command):
        if command == "getent passwd":
            return "root:x:0:0::/root:/bin/sh\ngames:x:5:60::/usr/games:/usr/sbin/nologin"
        users = re.search(r"for user in (.*?);", command)[1].split()
        return "\n".join(f"={user}\n{self.settings(command)}".rstrip() for user in users)


@pytest.fixture
def plain():
    return SshdConfiguration(Host(), ["deploy"])


@pytest.fixture
def matched():
    return SshdConfiguration(Host(DEBUG), ["deploy"])


def test_without_match_blocks_the_users_that_matter_are_asked_about(plain):
    assert {one.user for one in plain.by_connection} == {
        "root",
        "deploy",
        "nobody",
        "ringfence-stranger",
    }
    assert plain.effective("permitrootlogin") == "no"
    assert plain.effective("unheard") == "not set"


def test_a_match_block_is_met_for_every_account(matched):
    assert matched.conditions == ["Address 203.0.113.7"]
    assert Connection("games", "203.0.113.7", "203.0.113.7", "192.0.2.1") in matched.by_connection
    assert matched.effective("permitrootlogin") == "no; but yes for root from 203.0.113.7"
    assert matched.numbers("maxsessions") == [4]


def test_the_settings_of_one_account_are_those_of_all_its_connections(matched, plain):
    assert {one.address for one in matched.of("games")} == {"127.0.0.1", "203.0.113.7"}
    assert {one.user for one in plain.of("games")} == {"ringfence-stranger"}


def test_the_files_and_folders_read_are_known(matched):
    assert matched.files == ["/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/a.conf"]
    assert matched.included_folders == ["/etc/ssh/sshd_config.d"]


def test_the_addresses_that_are_listened_on_are_known(plain):
    assert plain.listens == [("0.0.0.0", 22), ("::", 22), ("10.0.0.1", 22)]


@pytest.mark.parametrize(
    ("rc", "stderr", "fault"),
    [
        (0, "debug1: fine", ""),
        (
            255,
            "debug1: x\nline 3: Bad configuration option: Colour\n",
            "line 3: Bad configuration option: Colour",
        ),
        (127, "", "exit status 127"),
    ],
)
def test_a_configuration_that_sshd_refuses_has_a_fault(rc, stderr, fault):
    assert SshdConfiguration(Host(stderr, rc), []).fault == fault
