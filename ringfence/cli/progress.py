"""Progress by host: a live table on a terminal, one plain line a step without one."""

import sys
import threading
import time
from types import TracebackType
from typing import IO, Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text


class Progress:
    """Shows the newest step of each host; to be used as a context manager, from any thread.

    `progress(host, step)` and `progress.step(host, step)` are the same, so that it can be handed to
    whatever takes a function. On a terminal `done` and `failed` stop a host's spinner.
    """

    def __init__(self, stream: IO[str] | None = None) -> None:
        stream = stream or sys.stderr
        self.console = Console(file=stream, highlight=False, soft_wrap=True)
        self.live: Live | None = None
        self.rows: dict[str, tuple[str, str, float]] = {}
        self.lock = threading.Lock()
        self.spinner = Spinner("dots")

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self.live = Live(console=self.console, get_renderable=self._table, refresh_per_second=8)
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
                for host, (state, step, since) in self.rows.items():
                    if state == "running":
                        self.rows[host] = ("stopped" if kind else "done", step, since)
            self.live.stop()

    def __call__(self, host: str, step: str) -> None:
        """A host has reached a step."""
        self.step(host, step)

    def step(self, host: str, step: str) -> None:
        """A host has reached a step."""
        self._show(host, "running", step)

    def done(self, host: str, step: str) -> None:
        """A host is finished and well."""
        self._show(host, "done", step)

    def failed(self, host: str, step: str) -> None:
        """A host is finished and not well."""
        self._show(host, "failed", step)

    def _show(self, host: str, state: str, step: str) -> None:
        with self.lock:
            self.rows[host] = (state, step, time.monotonic())
        if not self.live:
            self.console.print(Text(f"{host}: {step}"))

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        with self.lock:
            rows = dict(self.rows)
        for host, (state, step, since) in rows.items():
            sign: Spinner | Text = self.spinner
            if state != "running":
                style = {"done": "green", "failed": "red"}.get(state, "yellow")
                sign = Text({"done": "✓", "failed": "✗"}.get(state, "·"), style)
            waited = time.monotonic() - since
            age = f"{waited:.0f} s" if state == "running" and waited >= 2 else ""
            table.add_row(sign, Text(host, "bold"), Text(step), Text(age, "dim"))
        return table
