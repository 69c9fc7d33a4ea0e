import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

CHILD = "from ringfence.pyinfra_process import *; die_with_parent(); print('ready', flush=True)"
CHILD += "; import time; time.sleep(600)"
PARENT = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}])
print(child.pid, flush=True)
child.wait()
"""


def alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_pyinfra_does_not_outlive_a_run_that_is_killed():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    assert parent.stdout.readline() == "ready\n"
    parent.kill()
    parent.wait()
    until = time.monotonic() + 60
    while alive(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(child)


def test_it_is_pyinfra():
    said = subprocess.run(
        [sys.executable, "-m", "ringfence.pyinfra_process", "--version"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert "pyinfra" in said.stdout
