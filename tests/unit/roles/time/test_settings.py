import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from ringfence.rendering import render
from ringfence.site import find_house
from roles.time import settings as module
from roles.time.settings import Settings

HOUSE = find_house(Path(module.__file__))


def host(name, address, *groups):
    return SimpleNamespace(
        name=name, address=address, in_group=lambda group: group == "all" or group in groups
    )


HOSTS = {
    one.name: one
    for one in (
        host("log1", "10.0.0.1", "log_collector"),
        host("log2", "10.0.0.2", "log_collector"),
        host("pbx1", "10.0.0.3", "pbx"),
        host("agent1", "10.0.0.4", "agents"),
    )
}
SITE = SimpleNamespace(hosts=HOSTS)


def settings(**values):
    return Settings.model_validate_json(json.dumps(values))


def asked(given, name):
    return [one.address for one in given.upstreams(SITE, HOSTS[name])]


def configuration(given, name):
    one = HOSTS[name]
    return render(
        HOUSE.templates_dir("time"),
        "chrony.conf",
        upstreams=given.upstreams(SITE, one),
        serves=given.serves(one),
        clients=given.clients(SITE, one),
        local=given.local(one),
    ).splitlines()


OUTSIDE = [{"address": "time.example.org", "nts": True}, {"address": "192.0.2.1"}]


def test_servers_ask_outside_and_each_other_and_hosts_ask_servers_alone():
    given = settings(servers=["log1", "log2"], sources=OUTSIDE)
    assert asked(given, "log1") == ["time.example.org", "192.0.2.1", "10.0.0.2"]
    assert asked(given, "pbx1") == ["10.0.0.1", "10.0.0.2"]


def test_without_servers_every_host_asks_outside():
    assert asked(settings(sources=OUTSIDE), "pbx1") == ["time.example.org", "192.0.2.1"]


def test_in_an_isolated_site_all_follow_the_first_server():
    given = settings(servers=["log1", "log2"], isolated=True)
    assert given.is_reference(HOSTS["log1"])
    assert not given.is_reference(HOSTS["log2"])
    assert asked(given, "log1") == []
    assert asked(given, "log2") == ["10.0.0.1"]
    assert "local stratum 10" in configuration(given, "log1")
    assert "local stratum 12" in configuration(given, "log2")


def test_a_server_answers_the_other_hosts_and_agrees_with_other_servers():
    lines = configuration(settings(servers=["log1", "log2"], sources=OUTSIDE), "log1")
    assert [line for line in lines if line.startswith("server")] == [
        "server time.example.org iburst nts",
        "server 192.0.2.1 iburst",
        "server 10.0.0.2 iburst minpoll 4 maxpoll 4",
    ]
    assert {"allow 10.0.0.2", "allow 10.0.0.3", "allow 10.0.0.4"} == {
        line for line in lines if line.startswith("allow")
    }
    assert "local stratum 10 orphan" in lines
    assert "port 0" not in lines


@pytest.mark.parametrize(("nts", "trusted"), [((True, True), True), ((True, False), False)])
def test_servers_stand_in_for_sources_that_all_prove_who_they_are(nts, trusted):
    sources = [{"address": f"time{n}.example.org", "nts": proven} for n, proven in enumerate(nts)]
    lines = configuration(settings(servers=["log1", "log2"], sources=sources), "log1")
    assert ("server time0.example.org iburst nts trust" in lines) == trusted
    assert ("authselectmode ignore" in lines) == trusted
    assert not [line for line in lines if "10.0.0.2" in line and "trust" in line]


def test_other_hosts_answer_nobody_and_read_no_other_file():
    lines = configuration(settings(servers=["log1"], sources=OUTSIDE), "pbx1")
    assert "port 0" in lines
    assert "cmdport 0" in lines
    words = {line.split()[0] for line in lines if line and not line.startswith("#")}
    assert not words & {"allow", "local", "include", "confdir", "sourcedir", "pool"}


def test_agents_may_show_local_time_unless_the_site_says_otherwise():
    assert not settings().shows_utc(HOSTS["agent1"])
    assert settings().shows_utc(HOSTS["pbx1"])
    assert settings(local_time=[]).shows_utc(HOSTS["agent1"])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"servers": ["log1"]}, "names servers, and no sources"),
        ({"isolated": True}, "needs servers"),
        ({"servers": ["log1"], "isolated": True, "sources": OUTSIDE}, "keep one of the two"),
        ({"servers": ["log1", "log1"], "isolated": True}, "'log1' twice in servers"),
        ({"sources": [*OUTSIDE, {"address": "192.0.2.1"}]}, "'192.0.2.1' twice in sources"),
        ({"sources": [{"address": "not a host"}]}, "neither an IP address nor a DNS name"),
        ({"largest_offset": 0}, "greater than 0"),
    ],
)
def test_what_makes_no_sense_is_refused(values, said):
    with pytest.raises(ValidationError, match=said):
        settings(**values)
