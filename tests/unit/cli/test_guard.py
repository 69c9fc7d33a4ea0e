"""``ringfence guard``: what is told of each host, for people and for programs."""

import json
from types import SimpleNamespace

import pytest

import ringfence.cli
from ringfence.cli import guard
from ringfence.verify.session import UnreachableError


@pytest.fixture
def hosts(sealed_site, monkeypatch):
    """The sample's hosts: pbx1 is armed until it is put back, agent1 is dead, others are idle."""
    armed = {"pbx1"}

    def status_of(channel):
        name = channel.host.name
        if name == "agent1":
            raise UnreachableError("no route to host")
        return {"state": "armed"} if name in armed else {"state": "idle"}

    def demand(channel, *_words):
        armed.discard(channel.host.name)

    def channel(_site, host):
        return SimpleNamespace(host=host, close=lambda: None)

    monkeypatch.setattr(guard, "Channel", channel)
    monkeypatch.setattr(guard, "status_of", status_of)
    monkeypatch.setattr(guard, "demand", demand)
    return sealed_site


def run(capsys, verb, site, *options):
    code = ringfence.cli.run(
        ["guard", verb, str(site), "--limit", "pbx1,agent1,database1", *options]
    )
    return code, capsys.readouterr().out


def test_what_was_put_back_is_told(hosts, capsys):
    code, said = run(capsys, "revert", hosts)
    assert code == 1
    assert "pbx1: put back\n  no file differed" in said
    assert "database1: nothing to put back" in said
    assert "agent1: unreachable: no route to host" in said


def test_what_was_put_back_is_a_document_too(hosts, capsys):
    code, said = run(capsys, "revert", hosts, "--json")
    assert (code, json.loads(said)) == (
        1,
        {
            "agent1": {"trouble": "unreachable: no route to host"},
            "database1": {"state": "idle", "did": "nothing to put back"},
            "pbx1": {"state": "idle", "did": "put back"},
        },
    )
    code, said = run(capsys, "status", hosts, "--json")
    assert (code, json.loads(said)["pbx1"]) == (1, {"state": "idle"})
