import json
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from roles.tls import deploy
from roles.tls.settings import PACKAGES, Settings

TFTP = {
    "port": 69,
    "protocol": "udp",
    "packages": ["tftpd-hpa"],
    "groups": ["pbx"],
    "purpose": "telephones start by it, within their own network",
}


def host(*groups):
    return SimpleNamespace(in_group=lambda name: name == "all" or name in groups)


def settings(**values):
    return Settings.model_validate_json(json.dumps(values))


def test_exceptions_are_of_their_groups_alone():
    given = settings(exceptions=[TFTP])
    assert given.borne(host("pbx")) == {("udp", 69)}
    assert given.borne(host("agents")) == set()
    assert "tftpd-hpa" not in given.unwanted_packages(host("pbx"))
    assert "tftpd-hpa" in given.unwanted_packages(host("agents"))


def test_without_a_word_nothing_is_borne_and_nothing_removed():
    given = settings()
    assert given.borne(host("pbx")) == set()
    assert given.unwanted_packages(host("pbx")) == list(PACKAGES)
    assert given.clear_text == "report"


@pytest.mark.parametrize(
    "wrong",
    [{"port": 0}, {"protocol": "sctp"}, {"groups": []}, {"packages": ["a b"]}, {"purpose": ""}],
)
def test_exceptions_that_say_nothing_are_refused(wrong):
    with pytest.raises(ValidationError):
        settings(exceptions=[TFTP | wrong])


def admitted(given, groups=(), **found):
    wanted = SimpleNamespace(settings=lambda _role: given, host=host(*groups))
    socket = {"protocol": "tcp", "address": "0.0.0.0", "process": "a", "unit": "a.service"}
    return any(one.admits(socket | found) for one in deploy.others(wanted))


@pytest.mark.parametrize("port", [1, 22, 24, 80, 443, 515, 2514, 5037, 5039, 65535])
def test_ports_of_other_protocols_stay(port):
    assert admitted(settings(), port=port)


@pytest.mark.parametrize("port", [21, 23, 79, 512, 513, 514, 5038, 5900])
def test_ports_of_protocols_in_the_clear_are_shut_but_on_the_loopback(port):
    assert not admitted(settings(), port=port)
    assert admitted(settings(), port=port, address="127.0.0.1")


def test_a_port_that_is_borne_stays():
    given = settings(exceptions=[TFTP])
    assert admitted(given, ["pbx"], port=69, protocol="udp")
    assert not admitted(given, ["agents"], port=69, protocol="udp")
    assert not admitted(given, ["pbx"], port=69)
