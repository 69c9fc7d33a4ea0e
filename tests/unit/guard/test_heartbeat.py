import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from ringfence.guard import heartbeat
from ringfence.guard.channel import DEADLINE, RefusedError, Run
from ringfence.guard.heartbeat import Pulse, Watch
from ringfence.verify.session import UnreachableError

RUN = Run("r1", "ana", "x 1:2")
CHANNEL = SimpleNamespace(host=SimpleNamespace(name="pbx1"))


@pytest.fixture
def beats(monkeypatch):
    """Make the heart beat at once; return what each beat said, and how to make it fail."""
    said, ready, failing = [], threading.Event(), []

    def demand(_channel, *words):
        said.append(words)
        ready.set()
        if failing:
            raise failing[0]
        return ""

    monkeypatch.setattr(heartbeat, "demand", demand)
    monkeypatch.setattr(heartbeat, "HEARTBEAT", 0.01)
    return SimpleNamespace(said=said, ready=ready, failing=failing)


def beat_once(beats, armed=True):
    pulse = Pulse(CHANNEL, RUN, armed)
    pulse.start()
    assert beats.ready.wait(10)
    pulse.stop()
    return pulse


def test_an_armed_host_is_told_to_wait_on(beats):
    assert beat_once(beats).lost == ""
    assert beats.said[0] == ("renew", "r1")


def test_a_host_that_is_only_locked_keeps_its_lock(beats):
    beat_once(beats, armed=False)
    assert beats.said[0] == ("renew", "r1")


def test_a_lost_host_is_given_up_before_it_goes_back_by_itself(beats):
    beats.failing.append(UnreachableError("timed out"))
    pulse = beat_once(beats)
    assert pulse.lost == "timed out"
    assert not pulse.gave_up
    pulse.heard = time.monotonic() - DEADLINE
    assert pulse.gave_up


def test_a_host_that_has_gone_back_is_given_up_at_once(beats):
    beats.failing.append(RefusedError("not armed"))
    assert beat_once(beats).gave_up


def test_pyinfra_is_ended_when_a_host_is_given_up():
    pulse = Pulse(CHANNEL, RUN, armed=True, lost="timed out", heard=0.0)
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], text=True)
    watch = Watch([pulse])
    watch.start(process)
    assert process.wait(60) != 0
    watch.stop()
    assert "pbx1 could no longer be reached" in watch.ended
