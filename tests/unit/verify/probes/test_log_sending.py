import os
import subprocess
from types import SimpleNamespace

import pytest

from ringfence.verify.probes import log_sending

CONNECTIONS = """\
0 0 10.0.0.2:41000 10.0.0.3:2514 users:(("rsyslogd",pid=7,fd=5))
0 0 10.0.0.2:22 10.0.0.9:50000 users:(("sshd",pid=9,fd=4))
"""
LISTENERS = """\
tcp LISTEN 0 25 0.0.0.0:2514 0.0.0.0:* users:(("rsyslogd",pid=8,fd=4))
tcp LISTEN 0 25 [::]:2514 [::]:* users:(("rsyslogd",pid=8,fd=5))
udp UNCONN 0 0 0.0.0.0:514 0.0.0.0:* users:(("rsyslogd",pid=8,fd=6))
tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))
"""


def host(text):
    return SimpleNamespace(check_output=lambda *_arguments: text)


def test_only_connections_of_rsyslog_are_told():
    (found,) = log_sending.connections(host(CONNECTIONS), 2514)
    assert (found.local, found.peer) == ("10.0.0.2:41000", "10.0.0.3:2514")


@pytest.mark.parametrize(("looks", "waits"), [(1, 0), (3, 2), (99, 31)])
def test_a_connection_that_is_made_anew_is_waited_for(tmp_path, looks, waits):
    """With an ss(8) that finds one when it looks for the third time, and a sleep(1) that tells."""
    seen = tmp_path / "seen"
    for name, script in (
        ("ss", f"echo >>{seen}; [ $(wc -l <{seen}) -lt {looks} ] || echo rsyslogd"),
        ("sleep", "echo waits"),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", log_sending.CONNECTIONS.format(port=2514)],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("waits") == waits


def test_every_place_where_rsyslog_listens_is_told():
    found = log_sending.listeners(host(LISTENERS))
    assert found == ["tcp 0.0.0.0:2514", "tcp [::]:2514", "udp 0.0.0.0:514"]


def test_services_are_told_by_name():
    text = "Id=a.service\nRestart=always\n\nId=b.service\nRestart=no"
    assert log_sending.services(host(text), ["a.service", "b.service"])["b.service"] == {
        "Id": "b.service",
        "Restart": "no",
    }


@pytest.mark.parametrize("who", list(log_sending.AS_WHOM))
def test_what_is_asked_is_shell(who):
    asked = []

    def run(*arguments):
        asked.append(arguments[-1])
        return SimpleNamespace(stdout="1 rsp 93 200 OK\nmore", rc=0)

    said = log_sending.answer(SimpleNamespace(run=run), "fd00::3", 2514, "log1", who)
    assert said == "1 rsp 93 200 OK"
    assert "'[fd00::3]:2514'" in asked[0]
    assert subprocess.run(["sh", "-n", "-c", asked[0]], check=False).returncode == 0
