import subprocess
from types import SimpleNamespace

import pytest

from ringfence.verify.probes import core_dumps

PROCESSES = """\
      1       0 systemd
      2       0 kthreadd
     37       2 kworker/0:1
    314       1 my daemon
"""
LIMITS = """\
/proc/1/limits:Max core file size        unlimited            unlimited            bytes
/proc/37/limits:Max core file size        0                    unlimited            bytes
/proc/314/limits:Max core file size        0                    unlimited            bytes
/proc/999/limits:Max core file size        0                    unlimited            bytes
"""
SERVICES = """\
Id=cron.service
LoadState=loaded
LimitCORE=0

LimitCORE=infinity
LoadState=loaded
Id=asterisk.service

Id=oomd.service
LoadState=not-found
LimitCORE=infinity
"""


class Host:
    def __init__(self, **answers):
        self.answers = answers

    def run(self, command):
        name = next((name for name in self.answers if name in command), "")
        return SimpleNamespace(stdout=self.answers.get(name, ""), rc=0)

    def check_output(self, command):
        return self.run(command).stdout


def test_processes_are_told_by_their_hard_limit_but_for_the_kernel_and_systemd():
    host = Host(**{"ps -e": PROCESSES + LIMITS})
    assert core_dumps.processes(host) == {"my daemon (314)": "unlimited"}


@pytest.mark.parametrize(("starts", "asked"), [(0, 1), (2, 3), (99, 10)])
def test_what_systemd_is_just_starting_is_asked_again_for_a_while(tmp_path, starts, asked):
    """It has systemd's own limit until then; whoever keeps such a name is told all the same."""
    for name, script in {
        "ps": f"""n=$(cat {tmp_path}/n) || n=0; echo $((n + 1)) >{tmp_path}/n
[ "$n" -ge {starts} ] || echo "    500       1 (alert)"
echo "    314       1 my daemon" """,
        "grep": "echo '/proc/500/limits:Max core file size 0 unlimited bytes'",
        "sleep": ":",
    }.items():
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    done = subprocess.run(
        ["sh", "-c", core_dumps.QUESTION],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    host = SimpleNamespace(check_output=lambda _command: done.stdout)
    told = {"(alert) (500)": "unlimited"} if asked == 10 else {}
    assert core_dumps.processes(host) == told
    assert (tmp_path / "n").read_text() == f"{asked}\n"


def test_services_are_those_that_exist():
    listed = "cron.service enabled -\nasterisk.service static -\noomd.service enabled -\n"
    host = Host(**{"list-unit-files": listed, "LimitCORE": SERVICES})
    assert core_dumps.services(host) == {
        "cron.service": "0",
        "asterisk.service": "infinity",
    }


def test_lines_that_allow_are_those_of_hard_limits_above_0():
    lines = """\
# * hard core unlimited
* soft core 0
@support hard core 1024 # for the maker
root - core unlimited
* soft core unlimited
* - nofile 1024
"""
    found = core_dumps.allowances(Host(**{"limits.d": lines}))
    assert found == ["@support hard core 1024", "root - core unlimited"]


def test_the_session_is_the_one_that_asks():
    assert core_dumps.session(Host(ulimit="unlimited\n")) == "unlimited"
