"""What says that auditd was ended while its host goes on, with a systemctl(1) and a logger(1) that
are written here."""

import os
import subprocess
from pathlib import Path

import pytest

from ringfence.rendering import render
from ringfence.site import find_house
from roles.audit import deploy

HOUSE = find_house(Path(deploy.__file__))
BEFORE = "node=pbx1 type=SYSCALL msg=audit(1.0:2): arch=c000003e auid=1000 comm=cat\n"
END = "node=pbx1 type=DAEMON_END msg=audit(1.0:3): op=terminate auid={} uid=0 ses=3 res=success\n"
SAYS = (
    "auditd.service was ended while this host goes on (success, exited);"
    " no record of its own tells by whom"
)


@pytest.mark.parametrize(
    ("records", "state", "says"),
    [
        (BEFORE + END.format(1000), "running", ""),  # its own record tells, under the person's name
        (END.format(1000).removeprefix("node=pbx1 "), "degraded", ""),
        (BEFORE + END.format(-1), "running", SAYS),
        (BEFORE + END.format(4294967295), "running", SAYS),
        (END.format(1000) + BEFORE, "running", SAYS),  # killed: that record is of another time
        (BEFORE, "degraded", SAYS),
        ("", "running", SAYS),
        (None, "running", SAYS),
        (BEFORE + END.format(4294967295), "stopping", ""),
    ],
)
def test_an_auditd_that_was_ended_is_told_where_its_own_record_does_not(
    tmp_path, records, state, says
):
    script, log = tmp_path / "auditd-ended", tmp_path / "audit.log"
    script.write_text(render(HOUSE.templates_dir("audit"), "auditd-ended", records=log))
    if records is not None:
        log.write_text(records)
    for name, text in (
        ("systemctl", f"echo {state}"),
        ("logger", 'for last; do :; done; echo "$last"'),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    given = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    given |= {"SERVICE_RESULT": "success", "EXIT_CODE": "exited"}
    assert subprocess.check_output(["sh", script], env=given, text=True).strip() == says
