import io

import pytest

from ringfence.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_every_step_is_one_plain_line():
    stream = io.StringIO()
    with Progress(stream) as progress:
        progress("pbx1", "starting")
        progress.done("pbx1", "ready [1/2]")
        progress.failed("agent1", "a line that is longer than any terminal is wide " * 4)
    lines = stream.getvalue().splitlines()
    assert lines[:2] == ["pbx1: starting", "pbx1: ready [1/2]"]
    assert len(lines) == 3


def test_on_a_terminal_the_newest_step_of_each_host_stays(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with Progress(stream) as progress:
        progress("pbx1", "starting")
        progress.done("pbx1", "ready")
        progress.failed("agent1", "broken")
        progress("edge1", "waiting")
    last = stream.getvalue()
    assert "✓" in last
    assert "✗" in last
    assert "ready" in last


def test_an_error_passes_through():
    def fail() -> None:
        with Progress(Terminal()) as progress:
            progress("pbx1", "starting")
            raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        fail()
