from datetime import date, datetime
from types import SimpleNamespace

import pytest

from ringfence.site import Access, AccessKey
from ringfence.verify.probes.authorized_keys import parse
from ringfence.verify.probes.key_register import GrantedKey, granted_keys, now, register

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOxIRUt5X5QNgLvaIV3i/so2eaGFhZydiCwVCdl7fPyv"
(BARE,) = parse(KEY)


def granted(options="", account="ana"):
    (line,) = parse(f"{options} {KEY}")
    return GrantedKey(account, "/keys/ana", line)


@pytest.fixture
def known():
    key = AccessKey(KEY, BARE.fingerprint, "ana", date(2027, 6, 30), ("10.0.0.1/32",))
    return register([Access("ana", [key]), Access("bruno", [])])


@pytest.mark.parametrize(
    ("key", "inside"),
    [
        (granted(), True),
        (granted(account="bruno"), False),
        (granted(account="root"), False),
        (granted("cert-authority"), False),
    ],
)
def test_a_key_belongs_to_the_account_that_the_register_names(key, inside, known):
    assert key.is_in(known) is inside


@pytest.mark.parametrize(
    ("options", "longer"),
    [
        ("", True),
        ('expiry-time="20270630"', False),
        ('expiry-time="202706302359"', False),
        ('expiry-time="20270701"', False),
        ('expiry-time="20270702"', True),
    ],
)
def test_a_key_may_last_through_its_last_day(options, longer, known):
    assert granted(options).outlasts(known) is longer


@pytest.mark.parametrize(
    ("options", "wider"),
    [
        ("", True),
        ('from="10.0.0.1"', False),
        ('from="10.0.0.1,10.0.0.2"', True),
        ('from="*"', True),
    ],
)
def test_a_key_works_from_its_registered_addresses(options, wider, known):
    assert granted(options).works_beyond(known) is wider


def test_a_key_outside_the_register_is_judged_as_such_alone(known):
    stranger = granted(account="root")
    assert not stranger.outlasts(known)
    assert not stranger.works_beyond(known)


class Host:
    answers = {
        "getent group": "ana:x:1:\n",
        "getent passwd": "ana:x:1:1::/home/ana:/bin/sh\nservice:x:2:1::/home/ana:/bin/false\n",
        "date +%Y%m%d%H%M%S": "20270101020304",
    }

    def check_output(self, command):
        return self.answers[command]

    def run(self, command):
        assert command.count("/home/ana/.ssh/keys") == 1
        return SimpleNamespace(stdout=f"/home/ana/.ssh/keys\0# ana\n/home/ana/.ssh/keys\0{KEY}\n")


def test_a_file_that_two_accounts_share_grants_its_key_to_both():
    settings = {"authorizedkeysfile": [".ssh/keys"]}
    configuration = SimpleNamespace(of=lambda _name: {"anywhere": settings})
    found = granted_keys(Host(), configuration)
    assert [(key.account, key.line.number) for key in found] == [("ana", 2), ("service", 2)]
    assert str(found[0]) == f"ana {BARE.fingerprint} (/home/ana/.ssh/keys:2)"


def test_a_pattern_of_key_files_is_replaced_by_what_it_matches():
    class Globbing(Host):
        def run(self, command):
            if command.startswith("ls"):
                assert command == "ls -1d -- '/keys/$a/'[kx]*"
                return SimpleNamespace(stdout="/home/ana/.ssh/keys\n")
            return super().run(command)

    settings = {"authorizedkeysfile": ["/keys/$a/[kx]*"]}
    configuration = SimpleNamespace(of=lambda name: {"x": settings} if name == "ana" else {})
    found = granted_keys(Globbing(), configuration)
    assert [key.path for key in found] == ["/home/ana/.ssh/keys"]


def test_the_hosts_clock_is_read():
    assert now(Host()) == datetime(2027, 1, 1, 2, 3, 4)
