import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from ringfence.lab import processes


@pytest.fixture
def sleeper(tmp_path):
    started = processes.start(
        [sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, "pbx1", tmp_path / "log"
    )
    yield started
    started.kill()
    started.wait()


def test_a_started_process_is_found_by_its_lab_and_part(sleeper, tmp_path):
    (found,) = processes.find(tmp_path, "pbx1")
    assert (found.pid, found.part) == (sleeper.pid, "pbx1")
    assert found.command[-1].startswith("import time")
    assert found.age < 60
    assert processes.find(tmp_path) == [found]
    assert processes.find(tmp_path, "agent1") == []
    assert processes.find(tmp_path / "other") == []


def test_a_process_is_returned_once_it_can_be_found(tmp_path, monkeypatch):
    # Just after its start its environment is empty in /proc, for less than a millisecond.
    looks = []

    def describe(pid):
        looks.append(pid)
        return None if len(looks) < 3 else (SimpleNamespace(pid=pid), str(tmp_path))

    monkeypatch.setattr(processes, "describe", describe)
    started = processes.start(["sleep", "60"], tmp_path, "pbx1", tmp_path / "log")
    started.kill()
    started.wait()
    assert looks == [started.pid] * 3


def test_a_process_that_ends_at_once_is_returned_too(tmp_path):
    assert processes.start(["true"], tmp_path, "pbx1", tmp_path / "log").wait() == 0


def test_ending_kills_the_process_and_says_so(sleeper, tmp_path):
    assert processes.end_all(tmp_path) == []
    assert sleeper.wait() == -9


def test_a_process_lives_until_its_end_whatever_it_executes(sleeper, tmp_path):
    (found,) = processes.find(tmp_path)
    assert processes.lives(processes.LabProcess(**{**vars(found), "command": ("other",)}))
    assert not processes.lives(processes.LabProcess(**{**vars(found), "started": 1}))
    processes.end(found, tmp_path)
    sleeper.wait()
    assert not processes.lives(found)


def test_a_process_of_another_start_is_left_alone(sleeper, tmp_path):
    (found,) = processes.find(tmp_path)
    for change in ({"started": found.started + 1}, {"command": ("other",)}, {"part": "agent1"}):
        assert processes.end(processes.LabProcess(**{**vars(found), **change}), tmp_path)
    assert processes.end(found, tmp_path / "other")
    assert sleeper.poll() is None


def test_a_polite_process_may_end_by_itself(tmp_path):
    script = "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(7));"
    script += "print('up', flush=True); time.sleep(60)"
    log = tmp_path / "log"
    started = processes.start([sys.executable, "-c", script], tmp_path, "x", log)
    while "up" not in log.read_text():
        assert started.poll() is None
    (found,) = processes.find(tmp_path)
    assert processes.end(found, tmp_path, grace=30)
    assert started.wait() == 7


def test_a_dead_process_counts_as_ended(tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert processes.end(processes.LabProcess(gone.pid, "x", 0, ()), tmp_path)


def test_processes_of_no_lab_and_dead_ones_are_not_described():
    assert processes.describe(os.getpid()) is None
    assert processes.describe(2**22 + 1) is None


def test_a_name_with_spaces_and_brackets_does_not_shift_the_start_time():
    fields = " ".join(str(number) for number in range(3, 53))
    assert processes.parse_start_time(f"12 (a ) b) {fields}") == 22


def test_environment_is_parsed_with_equal_signs_in_values():
    assert processes.parse_environment(b"A=1=2\0noise\0B=\0") == {"A": "1=2", "B": ""}
