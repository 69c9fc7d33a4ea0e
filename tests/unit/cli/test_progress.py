import contextlib
import io
import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from ringfence.cli.progress import (
    Progress,
    Row,
    duration,
    is_same_terminal,
    most_telling,
    summary,
    time_left,
)

ROOT = Path(__file__).parents[3]
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


WORK = """
import time
from ringfence.cli.progress import Progress
hosts = ["bastion1", "pbx1"]
with Progress(title="a title that is long", hosts=hosts) as progress:
    for share in (0.1, 0.2, 0.3):
        for host in hosts:
            progress(host, "ssh | SSH-01 sshd runs with this configuration, and on no other", share)
        time.sleep(0.7)
    progress(hosts[0], "refused: no", 1.0, failed=True)
    time.sleep(0.5)
"""


def painted(columns, **environment):
    """Run work that has progress on a terminal so wide, and return what it wrote there."""
    terminal, end = pty.openpty()
    termios.tcsetwinsize(end, (24, columns))
    plain = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    process = subprocess.Popen(
        [sys.executable, "-c", WORK],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=end,
        env=plain | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)} | environment,
    )
    os.close(end)
    said = b""
    with contextlib.suppress(OSError):  # how Linux tells that nobody writes there any more
        while part := os.read(terminal, 65536):
            said += part
    os.close(terminal)
    assert process.wait() == 0
    return said.decode()


@pytest.mark.parametrize("columns", [48, 100])
def test_on_a_real_terminal_no_line_is_wider_than_it_and_the_end_is_foretold(columns):
    said = painted(columns)
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said).replace("\r", "\n").split("\n")
    assert max(map(cell_len, lines)) <= columns
    assert any("1 of 2 hosts done, 1 failed" in line for line in lines)
    assert any(re.search(r"about \d+ s left", line) for line in lines)
    assert any("SSH-01" in line for line in lines)
    assert said.rstrip().endswith("\x1b[2K")  # what is over leaves no trace: a report follows


def test_on_a_real_terminal_colours_are_left_out_when_they_are_not_wanted():
    coloured = re.compile(r"\x1b\[(3[0-7]|1;3[0-7])m")
    assert coloured.search(painted(100))
    assert not coloured.search(painted(100, NO_COLOR="1"))


WORK_WITH_ROWS = """
import sys, time
from ringfence.cli.progress import Progress
with Progress(title="reading", beside=sys.stdout) as progress:
    progress("archive", "connecting")
    progress.expect(["pbx1", "agent1"])
    progress("pbx1", "2026-03-01.jsonl.zst", 0.5)
    time.sleep(0.5)
    print("a row")
    progress.done("pbx1", "read")
"""


def seen_beside(stdout):
    """Run work that writes a row, and return what a terminal shows that standard error is.

    Standard output is what `stdout` makes of the terminal's descriptor.
    """
    terminal, end = pty.openpty()
    termios.tcsetwinsize(end, (24, 100))
    process = subprocess.Popen(
        [sys.executable, "-c", WORK_WITH_ROWS],
        stdin=subprocess.DEVNULL,
        stdout=stdout(end),
        stderr=end,
        env=os.environ | {"TERM": "xterm-256color", "PYTHONPATH": str(ROOT)},
    )
    os.close(end)
    rows = process.stdout.read().decode() if process.stdout else ""
    said = b""
    with contextlib.suppress(OSError):
        while part := os.read(terminal, 65536):
            said += part
    os.close(terminal)
    assert process.wait() == 0
    return said.decode(), rows


def test_rows_on_the_same_terminal_stand_above_what_moves():
    said, _ = seen_beside(lambda end: end)
    assert "reading · 1 of 2 hosts done" in said
    row = said.index("a row")
    assert "\x1b[2K" in said[:row]  # what moved was erased before
    assert "hosts done" in said[row:]  # and painted anew below


def test_rows_that_go_into_a_file_are_in_it_alone_while_progress_moves(tmp_path):
    with (tmp_path / "rows").open("wb") as file:
        said, _ = seen_beside(lambda _: file)
    assert "reading · 1 of 2 hosts done" in said
    assert "a row" not in said
    assert (tmp_path / "rows").read_text() == "a row\n"


def test_nothing_moves_while_another_program_reads_the_rows():
    assert seen_beside(lambda _: subprocess.PIPE) == ("", "a row\n")


def test_what_has_no_descriptor_is_not_the_same_terminal():
    assert not is_same_terminal(Terminal(), Terminal())
    assert not is_same_terminal(io.StringIO(), Terminal())


def test_what_is_counted_has_a_name():
    rows = {"report.html": Row("done", "written", 0, 1.0)}
    names = ["report.html", "junit.xml"]
    assert summary("report", names, rows, 2, counted="reports") == (
        "report · 1 of 2 reports done · 2 s · about 2 s left"
    )


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
    narrow = [summary("wave 1: apply", ["a", "b", "c", "d"], rows, 100, width=w) for w in (58, 40)]
    assert narrow == [
        "2 of 4 hosts done, 1 failed · 2 min · about 60 s left",
        "2 of 4 hosts done, 1 failed · about 60 s left",
    ]


def test_while_nothing_moves_what_is_left_runs_out_instead_of_growing():
    rows = {"a": Row("running", "connected", 0, 0.5)}
    said = [summary("", ["a"], rows, 20 + still, still) for still in (0, 8, 19.5)]
    assert [line.partition(" s · ")[2] for line in said] == [
        "about 20 s left",
        "about 12 s left",
        "",
    ]


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
