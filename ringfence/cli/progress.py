"""Progress by host: a live table on a terminal; without one, plain lines or nothing."""

import os
import stat
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import IO, Self

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

EARLY = 0.03
"""The share of the work before which its end can't be foretold."""
SIGNS = {"done": ("✓", "green"), "failed": ("✗", "red"), "stopped": ("·", "yellow")}


@dataclass(frozen=True)
class Row:
    """Where a host stands, since when (monotonic), and how much of its work is done."""

    state: str
    step: str
    since: float
    share: float = 0.0


class Progress:
    """Shows the newest step of each host; to be used as a context manager, from any thread.

    It is a `ringfence.steps.Say`, so that it can be handed to whatever tells steps. On a terminal
    the last line says how many hosts are done, and about how much time is left. NO_COLOR is obeyed.
    """

    def __init__(
        self,
        stream: IO[str] | None = None,
        title: str = "",
        hosts: Sequence[str] = (),
        lasting: bool = False,
        beside: IO[str] | None = None,
        counted: str = "hosts",
    ) -> None:
        """Show work on hosts.

        Args:
            stream: where it is shown; standard error if nothing is said.
            title: what the work is.
            hosts: the names of all hosts of the work; what else is told of isn't counted.
            lasting: whether steps are worth keeping: the table stays on the terminal, and without
                one each step is a line. Otherwise a report follows, so only failures are told.
            beside: where the result is written meanwhile. Nothing moves while that is a pipe: who
                reads it may show it on the same terminal.
            counted: what it is that is called hosts here.
        """
        stream = stream or sys.stderr
        terminal = stream.isatty()  # rich would take FORCE_COLOR for one
        self.console = Console(
            file=stream, highlight=False, soft_wrap=True, force_terminal=terminal
        )
        self.watched = terminal and not self.console.is_dumb_terminal and not is_pipe(beside)
        self.title = title
        self.hosts = list(hosts)
        self.lasting = lasting
        self.counted = counted
        self.live: Live | None = None
        self.rows: dict[str, Row] = {}
        self.lock = threading.Lock()
        self.spinner = Spinner("dots")
        self.began = self.moved = time.monotonic()

    def __enter__(self) -> Self:
        self.began = self.moved = time.monotonic()
        if self.watched:
            self.live = Live(
                console=self.console,
                get_renderable=self._frame,
                refresh_per_second=8,
                transient=not self.lasting,
                redirect_stdout=is_same_terminal(sys.stdout, self.console.file),
            )
            self.live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.live:
            with self.lock:
                for host, row in self.rows.items():
                    if row.state == "running":
                        self.rows[host] = replace(row, state="stopped" if kind else "done")
            self.live.stop()

    def expect(self, hosts: Sequence[str]) -> None:
        """Count these hosts, which are known only now."""
        self.hosts = list(hosts)

    def print(self, line: str) -> None:
        """Print a line that stays, above what moves."""
        self.console.print(Text(line))

    def __call__(
        self, host: str, step: str, share: float | None = None, failed: bool = False
    ) -> None:
        """A host has reached a step; it is finished when its whole share is done."""
        self.step(host, step, share, failed)

    def step(self, host: str, step: str, share: float | None = None, failed: bool = False) -> None:
        """A host has reached a step."""
        state = "failed" if failed else "done" if share is not None and share >= 1 else "running"
        self._show(host, state, step, share)

    def done(self, host: str, step: str) -> None:
        """A host is finished and well."""
        self._show(host, "done", step, 1.0)

    def failed(self, host: str, step: str) -> None:
        """A host is finished and not well."""
        self._show(host, "failed", step, 1.0)

    def _show(self, host: str, state: str, step: str, share: float | None) -> None:
        with self.lock:
            before = self.rows.get(host)
            known = before.share if before else 0.0
            reached = known if share is None else max(known, share)
            now = time.monotonic()
            self.rows[host] = Row(state, step, now, reached)
            self.moved = self.moved if reached == known else now
        if not self.live and (self.lasting or state == "failed"):
            self.console.print(Text(f"{host}: {step}"))

    def _frame(self) -> Group:
        with self.lock:
            rows = dict(self.rows)
        table = Table.grid(padding=(0, 1))
        for host, row in most_telling(rows, max(3, self.console.height - 3)):
            sign: Spinner | Text = self.spinner
            if row.state in SIGNS:
                sign = Text(*SIGNS[row.state])
            waited = time.monotonic() - row.since
            age = f"{waited:.0f} s" if row.state == "running" and waited >= 2 else ""
            step = Text(row.step, no_wrap=True, overflow="ellipsis")
            name = Text(host, "bold", no_wrap=True, overflow="ellipsis")
            table.add_row(sign, name, step, Text(age, "dim", no_wrap=True))
        now = time.monotonic()
        elapsed, still = now - self.began, now - self.moved
        width = self.console.width
        line = summary(self.title, self.hosts, rows, elapsed, still, width, self.counted)
        return Group(table, Text(line, "dim", no_wrap=True, overflow="ellipsis"))


def is_pipe(stream: IO[str] | None) -> bool:
    """Tell whether another program reads what is written there."""
    try:
        mode = os.fstat(stream.fileno()).st_mode if stream else 0
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def is_same_terminal(one: IO[str], other: IO[str]) -> bool:
    """Tell whether both write on one terminal: what one prints then must stand above what moves."""
    try:
        return one.isatty() and os.path.sameopenfile(one.fileno(), other.fileno())
    except (OSError, ValueError):  # what has no descriptor is no terminal
        return False


def most_telling(rows: dict[str, Row], most: int) -> list[tuple[str, Row]]:
    """Return the rows that a screen has place for: first those that work or failed, in order."""
    if len(rows) <= most:
        return list(rows.items())
    busy = [each for each in rows.items() if each[1].state != "done"]
    return busy[:most]


def summary(
    title: str,
    hosts: Sequence[str],
    rows: dict[str, Row],
    elapsed: float,
    still: float = 0,
    width: int = 200,
    counted: str = "hosts",
) -> str:
    """Return the last line: how many hosts are done, for how long it has gone on, what is left.

    While nothing moves, for `still` seconds now, what was left when it last moved runs out; then
    nobody can tell any more.
    What has no place in `width` columns gives way: first the title, then how long it has gone on.
    """
    finished = [rows[host] for host in hosts if host in rows and rows[host].state in SIGNS]
    failed = sum(row.state == "failed" for row in finished)
    wrong = f", {failed} failed" if failed else ""
    done = f"{len(finished)} of {len(hosts)} {counted} done{wrong}" if hosts else ""
    shares = [rows[host].share if host in rows else 0.0 for host in hosts]
    left = (time_left(shares, elapsed - still) or 0.0) - still
    rest = f"about {duration(left)} left" if left >= 1 else ""
    wanted = [title, done, duration(elapsed), rest]
    for dispensable in ((), (0,), (0, 2)):
        parts = [part for at, part in enumerate(wanted) if part and at not in dispensable]
        if len(line := " · ".join(parts)) <= width:
            break
    return line


def time_left(shares: Sequence[float], elapsed: float) -> float | None:
    """Return the seconds left if the work goes on as it did; None while nobody can tell."""
    done = sum(shares) / len(shares) if shares else 0.0
    return elapsed * (1 - done) / done if EARLY <= done < 1 and elapsed >= 1 else None


def duration(seconds: float) -> str:
    """Return a time in words, no more exact than is of use."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
