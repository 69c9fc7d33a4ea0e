"""What says that a host is there, with an auditctl(8) and a logger(1) that are written here."""

import os
import subprocess

import pytest

from ringfence.rendering import render

from .conftest import HOUSE

UP = "this host is up and its journal is read"
STATE = "enabled 2\nfailure 1\npid 501\nlost {}\nbacklog 0\n"


@pytest.mark.parametrize(
    ("state", "says", "severity"),
    [
        (STATE.format(0), UP, "syslog.info"),
        (STATE.format(16122), f"{UP}; audit records lost: 16122", "syslog.crit"),
        ("", UP, "syslog.info"),  # a container's
    ],
)
def test_lost_audit_records_are_told(tmp_path, state, says, severity):
    script = tmp_path / "log-heartbeat"
    script.write_text(render(HOUSE.templates_dir("logging"), "heartbeat"))
    for name, text in (
        ("auditctl", f"[ $1 = -s ] && printf '%s' '{state}'"),
        ("logger", "printf '%s\\n' \"$@\""),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    said = subprocess.check_output(["sh", script], env={"PATH": path}, text=True).splitlines()
    assert said == ["--id", "--tag", "ringfence-heartbeat", "--priority", severity, "--", says]
