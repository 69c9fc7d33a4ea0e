import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ringfence.verify.division import Group, asked, divided
from ringfence.verify.groups import judge

PASSES = "def test_it():\n    print('was here')\n"
FAILS = "def test_it():\n    assert False\n"
BROKEN = "import nothing_of_that_name\n"


@pytest.mark.parametrize(
    ("hosts", "parallel", "sizes", "at_once"),
    [
        (1, 32, [1], 2),
        (16, 32, [16], 2),
        (40, 32, [16, 16, 8], 2),
        (40, 64, [16, 16, 8], 4),
        (5, 2, [2, 2, 1], 1),
        (20, 20, [16, 4], 1),
    ],
)
def test_no_more_hosts_are_in_work_than_may_be(hosts, parallel, sizes, at_once):
    groups, together = divided(list(range(hosts)), parallel)
    assert [len(group) for group in groups] == sizes
    assert [host for group in groups for host in group] == list(range(hosts))
    assert together == at_once
    assert max(sizes) * together <= parallel


@pytest.fixture
def group(tmp_path):
    """Makes a group whose suite is one file."""

    def make(name, content):
        test = tmp_path / name / "test_one.py"
        test.parent.mkdir()
        test.write_text(content)
        arguments = [str(test), "-q", "-p", "no:cacheprovider", f"--rootdir={test.parent}"]
        return Group(arguments, str(tmp_path / f"{name}.log"))

    return make


def start(groups, at_once):
    """Judge groups in a process of its own, as a verification does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ringfence.verify.groups"],
        stdin=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    with process.stdin as pipe:
        pipe.write(asked(groups, at_once))
    return process


def run(groups, at_once=2):
    return start(groups, at_once).wait()


def test_red_or_green_every_group_is_judged_and_has_its_log(group, tmp_path):
    assert run([group("a", PASSES), group("b", FAILS), group("c", PASSES)]) == 0
    assert "1 passed" in (tmp_path / "a.log").read_text()
    assert "1 failed" in (tmp_path / "b.log").read_text()
    assert "1 passed" in (tmp_path / "c.log").read_text()


def test_after_one_that_cannot_be_judged_no_other_is_begun(group, tmp_path):
    assert run([group("a", BROKEN), group("b", PASSES)], at_once=1) == 2
    assert "nothing_of_that_name" in (tmp_path / "a.log").read_text()
    assert not (tmp_path / "b.log").exists()


def test_a_group_that_is_killed_costs_no_other(group, tmp_path):
    kills = "import os\n\ndef test_it():\n    os.kill(os.getpid(), 9)\n"
    assert run([group("a", kills), group("b", PASSES), group("c", FAILS)], at_once=1) == 0
    assert "1 passed" in (tmp_path / "b.log").read_text()
    assert "1 failed" in (tmp_path / "c.log").read_text()


KEEPS = """
import pytest

KEPT = []

@pytest.mark.parametrize("host", {hosts})
def test_it(host):
    KEPT.append(b"x" * 6_000_000)  # as pytest keeps what it knows of a host
"""
MEASURED = """
import resource
from ringfence.verify.groups import main
assert main() == 0
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def largest(group, hosts):
    """Judge so many hosts, and return the memory that the largest process took."""
    groups, at_once = divided(list(range(hosts)), 32)
    asking = [
        group(f"{hosts}-{number}", KEEPS.replace("{hosts}", str(list(chosen))))
        for number, chosen in enumerate(groups)
    ]
    ended = subprocess.run(
        [sys.executable, "-c", MEASURED],
        input=asked(asking, at_once),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    return int(ended.stdout)


def test_no_process_needs_more_memory_for_more_hosts(group):
    assert largest(group, 32) < 1.2 * largest(group, 16)


def test_nothing_to_judge_is_no_trouble():
    assert judge([], 2) == 0


def test_groups_end_with_the_process_that_began_them(group, tmp_path):
    pid = tmp_path / "pid"
    waits = (
        "import os, pathlib, time\n\ndef test_it():\n"
        f"    pathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\n    time.sleep(600)\n"
    )
    process = start([group("a", waits)], 1)
    while not (pid.exists() and pid.read_text()):
        assert process.poll() is None
        time.sleep(0.05)
    process.terminate()
    process.wait()
    state = Path(f"/proc/{pid.read_text()}/stat")
    while state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.05)
