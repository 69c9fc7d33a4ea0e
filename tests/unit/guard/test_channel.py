import subprocess
from types import SimpleNamespace

import pytest

from ringfence.guard import channel
from ringfence.guard.channel import (
    DEADLINE,
    HEARTBEAT,
    Channel,
    RefusedError,
    Run,
    arm_command,
    guard_command,
    parse_status,
    told,
)
from ringfence.guard.coverage import Coverage
from ringfence.site.ssh import CONNECT_TIMEOUT
from ringfence.verify.answers import Answer
from ringfence.verify.session import UnreachableError

RUN = Run("20261121T000000Z-abc", "ana o'hara@control", "control/1 2:3")


def test_a_command_of_the_guard_is_whole_shell():
    command = guard_command("no-such-word", "it's")
    ended = subprocess.run(["sh", "-n", "-c", command], capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_arming_brings_the_script_and_what_it_covers():
    command = arm_command(RUN, Coverage(paths=["/etc/ssh"]), "deploy", 90)
    assert subprocess.run(["sh", "-n", "-c", command], check=False).returncode == 0
    assert "path /etc/ssh\n" in command
    assert "'ana o'\"'\"'hara@control'" in command
    assert len(command) < 131072  # the longest argument that Linux takes


def test_what_the_guard_refuses_it_says():
    assert told(Answer(0, b"fine\n", b"")) == "fine\n"
    with pytest.raises(RefusedError, match="another run is in progress"):
        told(Answer(1, b"", b"noise\nanother run is in progress: ana\n"))
    with pytest.raises(RefusedError, match="ended with 127"):
        told(Answer(127, b"", b""))


def test_a_status_is_keys_and_values_and_repeated_keys_are_joined():
    text = "state=armed\nrun=r1\nreverted_path=/a\nreverted_path=/b\nnoise\n"
    assert parse_status(text) == {"state": "armed", "run": "r1", "reverted_path": "/a /b"}


def test_a_connection_that_dies_in_silence_is_noticed_before_the_deadline(monkeypatch, tmp_path):
    client = tmp_path / "ssh"
    client.write_text(f'#!/bin/sh\nexec ssh -G -F /dev/null "$@" > {tmp_path}/effective\n')
    client.chmod(0o755)
    monkeypatch.setattr(channel, "ssh_command", lambda *_: [str(client), "host"])
    with pytest.raises(UnreachableError):
        Channel(None, SimpleNamespace(ssh=SimpleNamespace(user="root"))).ask("true")
    told_by_ssh = dict(
        line.split(" ", 1) for line in (tmp_path / "effective").read_text().splitlines()
    )
    noticed = int(told_by_ssh["serveraliveinterval"]) * (
        int(told_by_ssh["serveralivecountmax"]) + 1
    )
    assert noticed + 2 * HEARTBEAT < DEADLINE
    # A new login that the change keeps out must fail soon, so that the host goes back soon.
    assert int(told_by_ssh["connecttimeout"]) == CONNECT_TIMEOUT


def test_a_login_that_was_cut_short_is_tried_once_more_with_patience(monkeypatch, tmp_path):
    client = tmp_path / "ssh"
    client.write_text(
        f"#!/bin/sh\necho x >> {tmp_path}/starts\nfor remote; do :; done\n"
        'case "$*" in *ConnectTimeout=30*) exec sh -c "$remote";; esac\n'
        "echo 'Connection timed out during banner exchange' >&2; exit 255\n"
    )
    client.chmod(0o755)
    monkeypatch.setattr(channel, "ssh_command", lambda *_: [str(client), "host"])
    host = SimpleNamespace(ssh=SimpleNamespace(user="root"))
    patient = Channel(None, host)
    assert [answer.stdout for answer in patient.ask_patiently("echo 1")] == [b"1\n"]
    patient.close()
    assert (tmp_path / "starts").read_text().split() == ["x", "x"]
    with pytest.raises(UnreachableError, match="during banner exchange"):
        Channel(None, host).ask("echo 1")
