import json

import pytest
from click.testing import CliRunner

from ringfence import lab as labs
from ringfence.cli.lab import lab
from ringfence.errors import UsageError


@pytest.fixture
def call():
    def run(*arguments: str):
        return CliRunner().invoke(lab, arguments, catch_exceptions=True)

    return run


HOST = labs.HostStatus("pbx1", "machine", 13, "ready", "10.9.0.11", 2201, 42, 7.5)


@pytest.mark.parametrize("name", sorted(lab.commands))
def test_every_help_has_an_example(call, name):
    text = call(name, "--help").output
    assert "Example:" in text
    assert "ringfence lab" in text


@pytest.mark.parametrize("name", ["up", "down", "reset"])
def test_hosts_are_passed_on(call, monkeypatch, name, tmp_path):
    got = []
    monkeypatch.setattr(labs, name, lambda site, hosts, say: got.append((site, hosts)))
    assert call(name, str(tmp_path), "pbx1", "agent1").exit_code == 0
    assert got == [(tmp_path, ("pbx1", "agent1"))]


@pytest.mark.parametrize(("more", "power_cut"), [((), False), (("--power-cut",), True)])
def test_a_reboot_may_be_a_power_cut(call, monkeypatch, more, power_cut, tmp_path):
    got = []
    monkeypatch.setattr(labs, "reboot", lambda site, hosts, _, **how: got.append((hosts, how)))
    assert call("reboot", str(tmp_path), "pbx1", *more).exit_code == 0
    assert got == [(("pbx1",), {"power_cut": power_cut})]


def test_status_is_a_table_or_json(call, monkeypatch, tmp_path):
    monkeypatch.setattr(labs, "status", lambda *_: [HOST])
    text = call("status", str(tmp_path)).output
    assert "pbx1" in text
    assert "2201" in text
    (found,) = json.loads(call("status", str(tmp_path), "--json").output)
    assert (found["name"], found["state"], found["pid"]) == ("pbx1", "ready", 42)


def test_tools_prints_one_line(call, monkeypatch):
    monkeypatch.setattr(labs, "missing_packages", lambda _: {"mmdebstrap", "e2fsprogs"})
    assert call("tools").output == "e2fsprogs mmdebstrap\n"
    monkeypatch.setattr(labs, "missing_packages", lambda _: set())
    assert call("tools").output == ""


def test_logs_are_listed_and_their_end_printed(call, tmp_path):
    logs = tmp_path / ".lab/logs"
    logs.mkdir(parents=True)
    (logs / "pbx1.console").write_text("one\ntwo\nthree\n")
    assert "pbx1.console" in call("logs", str(tmp_path)).output
    assert call("logs", str(tmp_path), "pbx1", "-n", "2").output == "two\nthree\n"


def test_a_log_that_is_not_there_is_a_clear_error(call, tmp_path):
    result = call("logs", str(tmp_path), "pbx1")
    assert isinstance(result.exception, UsageError)


HOSTS = """\
name: toy
hosts:
  pbx1: {address: 10.9.0.11, groups: [pbx], classification: medium, owner: ana}
"""
LAB = """\
name: toy-lab
network: 10.9.0.0/24
inbox: {}
hosts:
  pbx1: {kind: machine, debian: 13}
"""


@pytest.fixture
def inbox(tmp_path):
    """The folder of what came to a lab that takes alerts."""
    (tmp_path / "hosts.yml").write_text(HOSTS)
    (tmp_path / "lab.yml").write_text(LAB)
    folder = tmp_path / ".lab/inbox"
    folder.mkdir(parents=True)
    return folder


def test_what_came_is_shown(call, inbox, tmp_path):
    site = str(tmp_path)
    assert "nothing came yet" in call("inbox", site).output
    text = {"text": "[Ringfence] pbx1: chrony.service\nchrony.service failed (signal)\n"}
    (inbox / "20261128T210658.982948Z-5.json").write_text(json.dumps(text))
    assert call("inbox", site).output.splitlines() == [
        "2026-11-28T21:06:58Z  web   [Ringfence] pbx1: chrony.service",
        "    chrony.service failed (signal)",
    ]
    (only,) = json.loads(call("inbox", site, "--json").output)
    assert (only["by"], only["received"]) == ("web", "2026-11-28T21:06:58Z")


def test_a_lab_without_an_inbox_says_how_to_have_one(call, inbox, tmp_path):
    (tmp_path / "lab.yml").write_text(LAB.replace("inbox: {}\n", ""))
    ended = call("inbox", str(tmp_path))
    assert isinstance(ended.exception, UsageError)
    assert "has no inbox: add `inbox: {mail: 2525, web: 8025}`" in str(ended.exception)
