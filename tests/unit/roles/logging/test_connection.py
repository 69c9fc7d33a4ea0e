"""The script that begins rsyslog anew, with a ss(8) and a systemctl(1) that are written here."""

import os
import socket
import subprocess

import pytest

from ringfence.rendering import render
from roles.logging import deploy

from .conftest import HOUSE

OTHER = '0 0 127.0.0.1:40000 127.0.0.1:2514 users:(("openssl",pid=7,fd=3))'
OWN = '0 0 127.0.0.1:40001 127.0.0.1:2514 users:(("rsyslogd",pid=8,fd=5))'


@pytest.fixture
def run(tmp_path):
    """Run the script where rsyslog is connected at a look of ss's, or never, with the collector's
    port; return its exit code, how often it waited, and what it had systemd do."""

    def ran(port, looks, *words):
        seen, done = tmp_path / "seen", tmp_path / "done"
        program = tmp_path / "log-connection"
        values = {**deploy.SIZES, "address": "127.0.0.1", "port": port, "patience": 3}
        program.write_text(render(HOUSE.templates_dir("logging"), "connection", **values))
        for name, script in (
            (
                "ss",
                f"echo >>{seen}; echo '{OTHER}'; [ $(wc -l <{seen}) -lt {looks} ] || echo '{OWN}'",
            ),
            ("sleep", f"echo waits >>{done}"),
            ("systemctl", f'echo "$@" >>{done}'),
        ):
            (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / name).chmod(0o755)
        path = f"{tmp_path}:{os.environ['PATH']}"
        ended = subprocess.run(["bash", program, *words], env={"PATH": path}, capture_output=True)
        lines = done.read_text().splitlines() if done.exists() else []
        return ended.returncode, lines.count("waits"), [line for line in lines if line != "waits"]

    return ran


@pytest.fixture
def collector():
    with socket.create_server(("127.0.0.1", 0)) as listens:
        yield listens.getsockname()[1]


@pytest.mark.parametrize("words", [[], ["mend"]])
def test_a_connection_is_well_and_one_that_comes_is_waited_for(run, collector, words):
    assert run(collector, 1, *words) == (0, 0, [])
    assert run(collector, 4, *words) == (0, 1, [])


@pytest.mark.parametrize("words", [[], ["mend"]])
def test_while_the_collector_is_away_rsyslog_is_left_alone(run, collector, words):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert run(unused.getsockname()[1], 99, *words) == (0, 0, [])


def test_where_rsyslog_has_given_up_it_is_told_and_begun_anew_if_that_is_wanted(run, collector):
    assert run(collector, 99) == (1, 4, [])
    assert run(collector, 999, "mend")[::2] == (0, ["try-restart rsyslog.service"])
