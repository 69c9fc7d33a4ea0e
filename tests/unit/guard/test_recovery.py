import time
from types import SimpleNamespace

import pytest

from ringfence.guard import recovery
from ringfence.guard.channel import RefusedError, Run
from ringfence.guard.recovery import await_return, confirm, revert_now
from ringfence.verify.session import UnreachableError

RUN = Run("r1", "ana", "x 1:2")
BACK = {"state": "idle", "reverted_run": "r1", "reverted_reason": "timer", "reverted_at": "T"}


@pytest.fixture
def answers(monkeypatch):
    """Queue what each new login meets: an exception, or what the guard says."""
    queue, opened = [], []

    class Channel:
        def __init__(self, _site, host, patience):
            opened.append(host)

        def close(self):
            pass

    def answer(_channel, *_words):
        met = queue.pop(0)
        if isinstance(met, Exception):
            raise met
        return met

    monkeypatch.setattr(recovery, "Channel", Channel)
    monkeypatch.setattr(recovery, "demand", answer)
    monkeypatch.setattr(recovery, "status_of", answer)
    monkeypatch.setattr(recovery, "PAUSE", 0.0)
    return SimpleNamespace(queue=queue, opened=opened)


def test_a_login_that_works_confirms(answers):
    answers.queue += [UnreachableError("refused"), ""]
    assert confirm(None, "pbx1", RUN) == ""
    assert answers.opened == ["pbx1", "pbx1"]


def test_every_try_is_a_new_login_and_the_last_reason_is_told(answers):
    answers.queue += [UnreachableError(f"reason {number}") for number in (1, 2, 3)]
    assert confirm(None, "pbx1", RUN) == "the new login failed: reason 3"
    assert len(answers.opened) == 3


def test_a_host_that_has_gone_back_is_not_asked_again(answers):
    answers.queue += [RefusedError("not armed, reverted at T (timer)")]
    assert confirm(None, "pbx1", RUN) == "not armed, reverted at T (timer)"


def test_the_return_of_a_host_is_waited_for(answers):
    answers.queue += [
        UnreachableError("x"),
        {"state": "armed", "run": "r1"},
        {"state": "idle", "reverted_run": "another"},
        BACK,
    ]
    assert await_return(None, "pbx1", RUN, time.monotonic() + 60) == "timer, T"


def test_a_host_that_does_not_return_in_time_is_given_up(answers):
    answers.queue += [UnreachableError("x")]
    assert await_return(None, "pbx1", RUN, 0.0) == ""


def test_without_an_open_channel_the_host_reverts_alone(answers):
    answers.queue += [UnreachableError("x")]
    revert_now(None, RUN, "why")
