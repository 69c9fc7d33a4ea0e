import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.cli.progress import Progress, Row, duration, most_telling, summary, time_left

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=50)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


def test_without_a_terminal_steps_that_last_are_one_plain_line_each():
    stream = io.StringIO()
    with Progress(stream, lasting=True) as progress:
        progress("pbx1", "starting")
        progress.done("pbx1", "ready [1/2]")
        progress.failed("agent1", "a line that is longer than any terminal is wide " * 4)
    lines = stream.getvalue().splitlines()
    assert lines[:2] == ["pbx1: starting", "pbx1: ready [1/2]"]
    assert len(lines) == 3


@pytest.mark.parametrize("colours", ["FORCE_COLOR", "CLICOLOR_FORCE"])
def test_without_a_terminal_only_failures_are_told_and_nothing_is_coloured(monkeypatch, colours):
    monkeypatch.setenv(colours, "1")
    stream = io.StringIO()
    with Progress(stream, "apply", ["pbx1", "agent1"]) as progress:
        progress("pbx1", "armed", 0.5)
        progress("agent1", "unreachable: no route", 1.0, failed=True)
        progress("pbx1", "applied", 1.0)
    assert stream.getvalue() == "agent1: unreachable: no route\n"


def test_on_a_dumb_terminal_nothing_moves(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    with Progress(stream, lasting=True) as progress:
        progress("pbx1", "starting")
    assert stream.getvalue() == "pbx1: starting\n"


def test_on_a_terminal_the_newest_step_of_each_host_stays(terminal):
    with Progress(terminal, lasting=True) as progress:
        progress("pbx1", "starting")
        progress.done("pbx1", "ready")
        progress.failed("agent1", "broken")
        progress("edge1", "waiting")
    last = terminal.getvalue()
    assert "✓" in last
    assert "✗" in last
    assert "ready" in last


def test_on_a_terminal_hosts_done_are_counted(terminal):
    with Progress(terminal, "lab up", ["pbx1", "agent1"], lasting=True) as progress:
        progress("debian 13 image", "building")
        progress.done("pbx1", "ready")
    assert "lab up · 1 of 2 hosts done · 0 s" in terminal.getvalue()


def test_no_color_is_respected(terminal, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    with Progress(terminal, lasting=True) as progress:
        progress.failed("agent1", "broken")
    assert "\x1b[31m" not in terminal.getvalue()


def test_an_error_passes_through():
    def fail() -> None:
        with Progress(Terminal()) as progress:
            progress("pbx1", "starting")
            raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        fail()


def test_the_last_line_says_how_far_the_hosts_are_and_what_is_left():
    rows = {
        "a": Row("done", "applied", 0, 1.0),
        "b": Row("failed", "refused", 0, 1.0),
        "c": Row("running", "armed", 0, 0.5),
        "debian 13 image": Row("done", "built", 0, 1.0),
    }
    line = summary("wave 1: apply", ["a", "b", "c", "d"], rows, 100)
    assert line == "wave 1: apply · 2 of 4 hosts done, 1 failed · 2 min · about 60 s left"
    assert summary("", [], {}, 3) == "3 s"


def test_when_a_screen_is_too_small_hosts_that_are_done_give_way():
    rows = {name: Row("done", "", 0) for name in "abcdef"} | {"g": Row("running", "", 0)}
    assert [name for name, _ in most_telling(rows, 7)] == list("abcdefg")
    assert [name for name, _ in most_telling(rows, 6)] == ["g"]


@given(SHARES, st.floats(1, 1e6))
def test_what_is_left_shrinks_as_shares_grow(shares, elapsed):
    left = time_left(shares, elapsed)
    more = time_left([min(1.0, share + 0.1) for share in shares], elapsed)
    assert left is None or left > 0
    assert left is None or more is None or more <= left


def test_nobody_can_tell_the_end_of_what_has_just_begun():
    assert time_left([0.01, 0.0], 60) is None
    assert time_left([0.5], 0.5) is None
    assert time_left([1.0], 60) is None
    assert time_left([], 60) is None


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (7500, "2 h 5 min")]
)
def test_a_time_in_words(seconds, words):
    assert duration(seconds) == words
