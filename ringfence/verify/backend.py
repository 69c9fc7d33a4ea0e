"""A testinfra backend that answers from a snapshot and asks the host only for what is missing."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from testinfra.backend import base

from ringfence.site.ssh import SLOW_LOGIN
from ringfence.verify.answers import Answer, Snapshot
from ringfence.verify.session import BusyError, Session, UnreachableError

PATIENT = ("-o", f"ConnectTimeout={SLOW_LOGIN}")
"""For the second attempt at a login: ssh takes the first setting that it meets (ssh_config(5))."""
MOST_NAMES = 16
"""With more operands a question is about what one host has: it gave the names itself."""


class NotInSnapshotError(Exception):
    """A kept snapshot is judged, and it holds no answer to this command."""


class Source:
    """Where one host's answers come from: its snapshot first, then the host itself.

    What is missing is asked by a thread of its own, so that hosts answer side by side.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        ssh: list[str] | None,
        become_root: bool,
        sends_runner: bool = True,
        turns: AbstractContextManager[object] | None = None,
    ) -> None:
        """Answer for one host.

        Args:
            snapshot: answers at hand; live answers are added to it.
            ssh: the OpenSSH client's argument list, or None when only the snapshot may speak.
            become_root: whether commands run through ``sudo``.
            sends_runner: whether the runner is sent, rather than the host's own used.
            turns: what is held while the host is asked: a semaphore lets few be asked at a time.
        """
        self.snapshot = snapshot
        self.asked: dict[str, None] = {}
        self._asked_lately: dict[str, None] = {}
        self.live_commands = 0
        self.tell_others: Callable[[str], object] = lambda _command: None
        self._ssh = ssh
        self._become_root = become_root
        self._sends_runner = sends_runner
        self._turns = turns or nullcontext()
        self._session: Session | None = None
        self._waiting: dict[str, Future[None]] = {}
        self._asking: ThreadPoolExecutor | None = None

    def collect(self, commands: list[str]) -> None:
        """Put all ``commands`` to the host at once; keep what was answered, even when it dies."""
        try:
            self._fetch(commands)
        finally:
            self.close()

    def ask_ahead(self, command: str) -> bool:
        """Have ``command`` answered meanwhile; False if it is already, or if nobody can."""
        if command in self.snapshot.answers or command in self._waiting:
            return False
        if self._ssh is None or self.snapshot.unreachable:
            return False
        if self._asking is None:
            self._asking = ThreadPoolExecutor(max_workers=1)
        self._waiting[command] = self._asking.submit(self._fetch, [command])
        return True

    def answer(self, command: str) -> Answer:
        """Return the host's answer to ``command``.

        What nobody expected is told to the other hosts' sources (``tell_others``), which a suite
        will ask the same: so a first run, which knows no question, asks all hosts side by side. A
        question about a long list of names, such as all units of a host, is not.

        Raises:
            UnreachableError: the host did not answer.
            NotInSnapshotError: only the snapshot may speak, and it does not know.
        """
        self.asked.setdefault(command)
        self._asked_lately.setdefault(command)
        answers = self.snapshot.answers
        if self.ask_ahead(command):
            self.live_commands += 1
            if not _lists_names(command):
                self.tell_others(command)
        if command not in answers and command in self._waiting:
            self._put_first(command)
            self._waiting[command].result()
        if command in answers:
            return answers[command]
        if self.snapshot.unreachable:
            raise UnreachableError(self.snapshot.unreachable)
        raise NotInSnapshotError(f"the snapshot holds no answer to: {command}")

    def _put_first(self, command: str) -> None:
        """Have a command answered before those that this host may never be asked by a test.

        Others' commands may name what is theirs: their units, their people.
        """
        behind = [
            other
            for other, future in self._waiting.items()
            if other != command and future.cancel()  # which does nothing to what has begun
        ]
        for other in behind:
            assert self._asking is not None
            self._waiting[other] = self._asking.submit(self._fetch, [other])

    @property
    def never_answered(self) -> bool:
        """Whether the host gave no answer at all."""
        return self.snapshot.unreachable is not None and not self.snapshot.answers

    def take_asked(self) -> list[str]:
        """Return the commands asked since the last call: those of one test."""
        asked, self._asked_lately = list(self._asked_lately), {}
        return asked

    def close(self) -> None:
        """End the channel, if one is open, and ask nothing more."""
        if self._asking is not None:
            self._asking.shutdown(cancel_futures=True)
            self._asking = None
            self._waiting.clear()
        self._drop_session()

    def _fetch(self, commands: list[str]) -> None:
        if self.snapshot.unreachable:
            return
        try:
            with self._turns:
                try:
                    self._put(commands)
                except BusyError:
                    self._drop_session()
                    self._put(commands, PATIENT)
        except UnreachableError as error:
            self.snapshot.unreachable = str(error)

    def _put(self, commands: list[str], options: Iterable[str] = ()) -> None:
        if self._session is None:
            assert self._ssh is not None
            ssh = [self._ssh[0], *options, *self._ssh[1:]]
            self._session = Session(ssh, self._become_root, sends_runner=self._sends_runner)
        for command, answer in self._session.ask(commands):
            self.snapshot.answers[command] = answer

    def _drop_session(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


def _lists_names(command: str) -> bool:
    """Whether many operands follow the options (POSIX.1-2024, XBD 12.2, guideline 10)."""
    operands = command.partition(" -- ")[2] if "\n" not in command else ""
    return len(operands.split()) > MOST_NAMES


class SnapshotBackend(base.BaseBackend):  # type: ignore[misc]
    """``--hosts=ringfence://NAME``: testinfra's modules on a host's snapshot."""

    NAME = "ringfence"
    sources: dict[str, Source] = {}

    def __init__(self, name: str, *args: Any, **kwargs: Any) -> None:
        kwargs.update(sudo=False, sudo_user=None)
        super().__init__(name, *args, **kwargs)
        self._encoding = "UTF-8"

    def run(self, command: str, *args: str, **_kwargs: Any) -> base.CommandResult:
        """Answer ``command``, with ``args`` quoted into it, as root."""
        quoted = self.quote(command, *args)
        answer = self.sources[self.hostname].answer(quoted)
        return self.result(
            answer.status,
            quoted.encode("utf-8", "surrogateescape"),
            answer.stdout,
            answer.stderr,
        )

    def decode(self, data: bytes) -> str:
        """Decode an output; a byte that is not UTF-8 (a file's name may hold any) stays visible."""
        return data.decode("utf-8", "backslashreplace")
