"""Signs of life: while they come, an armed host waits; when they end, it goes back by itself."""

import subprocess
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from ringfence.guard.channel import (
    DEADLINE,
    HEARTBEAT,
    Channel,
    RefusedError,
    Run,
    demand,
)
from ringfence.verify.session import UnreachableError


@dataclass
class Pulse:
    """One host's signs of life, sent from a thread of its own until it is stopped."""

    channel: Channel
    run: Run
    armed: bool
    lost: str = ""
    """Why the host no longer hears us; empty while it does."""
    heard: float = field(default_factory=time.monotonic)
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _thread: threading.Thread | None = field(default=None, repr=False)

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; the channel is free afterwards."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def gave_up(self) -> bool:
        """Whether an armed host must have begun to put itself back."""
        return (
            self.armed and bool(self.lost) and time.monotonic() - self.heard > DEADLINE - HEARTBEAT
        )

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT if not self.lost else 1.0):
            sent = time.monotonic()
            try:
                demand(self.channel, "renew", self.run.id)
            except UnreachableError as error:
                self.lost = str(error)  # perhaps for a moment: the next beat opens a new channel
            except RefusedError as error:
                self.lost = str(error)
                self.heard = 0.0
                return
            else:
                self.heard, self.lost = sent, ""


class Watch:
    """Ends pyinfra when an armed host is lost for so long that it puts itself back: what pyinfra
    would still do there would be unguarded."""

    def __init__(self, pulses: Iterable[Pulse]) -> None:
        self._pulses = list(pulses)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.ended = ""
        """Why pyinfra was ended; empty when it wasn't."""

    def start(self, process: "subprocess.Popen[str]") -> None:
        """Begin to watch over a run of pyinfra."""
        self._thread = threading.Thread(target=self._watch, args=(process,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self, process: "subprocess.Popen[str]") -> None:
        while not self._stop.wait(0.5) and process.poll() is None:
            gone = [pulse for pulse in self._pulses if pulse.gave_up]
            if gone:
                names = ", ".join(pulse.channel.host.name for pulse in gone)
                self.ended = f"the run was ended because {names} could no longer be reached"
                process.kill()
                return
