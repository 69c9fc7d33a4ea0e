"""What a shell completes, asked as bash asks it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import ringfence.cli

CHECKOUT = Path(__file__).parents[3]
LAB = str(CHECKOUT / "inventories" / "lab")
HOSTS = ["recordings1", "pbx1", "bastion1", "collector1", "agent1"]
GROUPS = ["recordings", "pbx", "bastion", "log_collector", "agents"]


@pytest.fixture
def completed(capsys, monkeypatch):
    """Return what bash is given for a line whose last word is being typed."""

    def words(*line):
        typed = ["ringfence", *line]
        monkeypatch.setenv("_RINGFENCE_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", " ".join(typed))
        monkeypatch.setenv("COMP_CWORD", str(len(typed) - 1))
        with pytest.raises(SystemExit):
            ringfence.cli.run([])
        told = capsys.readouterr()
        assert told.err == ""
        return [line.removeprefix("plain,") for line in told.out.splitlines() if line]

    return words


def test_commands_are_completed_without_importing_them(completed):
    assert completed("ver") == ["verify"]
    assert completed("") == list(ringfence.cli.COMMANDS)


def test_controls(completed):
    ssh = [f"SSH-0{number}" for number in range(1, 6)]
    assert completed("explain", "SSH") == ssh
    assert completed("explain", "CLS-01", "ssh-0") == ssh
    assert completed("verify", LAB, "--control", "SSH") == ssh
    assert completed("prove", LAB, "--control", "SSH") == ssh
    assert completed("verify", "--control", "SSH") == ssh


def test_the_last_of_a_list_is_completed_and_none_comes_twice(completed):
    found = completed("verify", LAB, "--control", "SSH-01,SSH-02,SSH")
    assert found == [f"SSH-01,SSH-02,SSH-0{number}" for number in (3, 4, 5)]


@pytest.mark.parametrize("command", [["verify"], ["apply"], ["plan"], ["guard", "status"]])
def test_hosts_and_groups(command, completed):
    assert completed(*command, LAB, "--limit", "") == [*HOSTS, *GROUPS]
    assert completed(*command, LAB, "--limit", "pbx") == ["pbx1", "pbx"]
    assert completed(*command, "--limit", "") == []


def test_roles(completed):
    assert completed("apply", LAB, "--role", "log") == ["logging", "log_collector", "log_review"]


def test_hosts_alone_and_ends_of_flows(completed):
    assert completed("lab", "ssh", LAB, "") == HOSTS
    assert completed("lab", "up", LAB, "pbx1", "a") == ["agent1"]
    assert completed("pki", "revoke", LAB, "b") == ["bastion1"]
    assert completed("flows", LAB, "agent1", "i") == ["internet"]


@pytest.mark.parametrize("content", ["hosts: [", "hosts: 3\n", "hosts: {a: 3}\n", "\0", None])
def test_a_broken_site_completes_what_it_can_and_tells_nothing(content, tmp_path, completed):
    if content is not None:
        (tmp_path / "hosts.yml").write_text(content)
    assert completed("verify", str(tmp_path), "--limit", "z") == []
    assert completed("verify", str(tmp_path / "not-there"), "--limit", "") == []


def test_a_broken_house_completes_nothing(monkeypatch, completed):
    monkeypatch.setenv("RINGFENCE_HOUSE", "/nowhere")
    assert completed("explain", "") == []
    assert completed("apply", LAB, "--role", "") == []


def test_a_program_of_its_own_answers_as_bash_asks():
    code = "from ringfence.cli import main; main()"
    line = {
        "_RINGFENCE_COMPLETE": "bash_complete",
        "COMP_WORDS": "ringfence explain TLS",
        "COMP_CWORD": "2",
    }
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **line},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stdout.splitlines()[0] == "plain,TLS-01"
    assert answer.stderr == ""
