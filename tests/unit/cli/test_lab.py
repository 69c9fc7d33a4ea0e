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


@pytest.mark.parametrize("name", ["up", "down", "reset", "reboot"])
def test_hosts_are_passed_on(call, monkeypatch, name, tmp_path):
    got = []
    monkeypatch.setattr(labs, name, lambda site, hosts, say: got.append((site, hosts)))
    assert call(name, str(tmp_path), "pbx1", "agent1").exit_code == 0
    assert got == [(tmp_path, ("pbx1", "agent1"))]


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
