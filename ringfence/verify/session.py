"""One ssh channel to one host, over which any number of commands are answered in one round trip."""

import re
import selectors
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator
from typing import IO

from ringfence.verify.answers import Answer
from ringfence.verify.conversation import Conversation, frame, runner_command

KEEPALIVE = ("-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3")
"""A busy host may be silent for half a minute; after a whole one it is gone. A caller's own options
come first, and ssh takes the first (ssh_config(5))."""
SILENCE_LIMIT = 150.0  # seconds; the runner answers each command within 120


class UnreachableError(Exception):
    """The host did not answer; the sentence says why."""


class BusyError(UnreachableError):
    """sshd took the connection, but the login did not end in time: a patient client may get in."""


CUT_SHORT = re.compile(
    r"during banner exchange|^kex_exchange_identification: |^Connection (closed|reset) by "
    r"|^Connection to \S+ port [0-9]+ timed out"
)
"""How ssh says that sshd was there but did not let it finish: it was too slow for ConnectTimeout,
past its own LoginGraceTime, or had more logins under way than MaxStartups (sshd_config(5))."""


class Session:
    """A root shell's worth of answers from one host.

    The runner (``runner.pl``) is started once; commands are sent without waiting for the answers
    to those before, so that a batch costs one round trip.
    """

    def __init__(
        self,
        ssh: list[str],
        become_root: bool,
        silence_limit: float = SILENCE_LIMIT,
        sends_runner: bool = True,
    ) -> None:
        """Open the channel.

        Args:
            ssh: the OpenSSH client's argument list, the host last.
            become_root: whether the runner is started by ``sudo``.
            silence_limit: seconds without a byte after which the host counts as gone.
            sends_runner: whether the runner is sent; the account that verifies has the host's own.
        """
        self.silence_limit = silence_limit
        remote = [runner_command(become_root)] if sends_runner else []
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._process = subprocess.Popen(
            [ssh[0], "-T", *ssh[1:-1], *KEEPALIVE, ssh[-1], *remote],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
            start_new_session=True,
        )
        self._sender: threading.Thread | None = None
        assert self._process.stdout is not None
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        self._runner = Conversation(self._send, self._receive)

    def ask(self, commands: Iterable[str]) -> Iterator[tuple[str, Answer]]:
        """Put ``commands`` to the host and yield each with its answer, in order.

        Answers to quick commands come together: of a host that dies, those of its last tenth of a
        second may be lost with it.

        Raises:
            UnreachableError: the channel could not be opened, or broke before the last answer.
            BusyError: it could not be opened although sshd was there.
        """
        wanted = list(commands)
        data = b"".join(frame(command) for command in wanted)
        self._sender = sender = threading.Thread(target=self._send, args=(data,), daemon=True)
        sender.start()
        try:
            self._runner.await_greeting()
        except EOFError as error:
            raise UnreachableError(str(error)) from None
        for command in wanted:
            yield command, self._runner.answer()
        sender.join()

    def close(self) -> None:
        """End the channel; the runner ends when its input does."""
        process = self._process
        if self._sender is not None and self._sender.is_alive():
            process.kill()  # nobody waits for the answers to what is still being sent
            self._sender.join()  # or it would write into a file that is opened next
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
        self._selector.close()
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._errors.close()

    def _send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            view = memoryview(data)
            while view:
                view = view[self._process.stdin.write(view) or 0 :]
        except (OSError, ValueError):
            return  # the reader meets the end of the channel and says why

    def _receive(self) -> bytes:
        if not self._selector.select(self.silence_limit):
            raise UnreachableError(f"it fell silent for {self.silence_limit:.0f} seconds")
        assert self._process.stdout is not None
        data = self._process.stdout.read(1 << 20)
        if not data:
            raise self._why_it_ended()
        return data

    def _why_it_ended(self) -> UnreachableError:
        status = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").splitlines()
        said = [line.strip() for line in lines if line.strip()]
        if status == 255:
            reason = said[-1] if said else "ssh gave no reason"
            cut_short = not self._runner.has_begun and CUT_SHORT.search(reason)
            return BusyError(reason) if cut_short else UnreachableError(reason)
        if any(line.startswith("sudo:") for line in said):
            return UnreachableError(f"cannot become root: {said[-1]}")
        last = said[-1] if said else status
        return UnreachableError(f"the connection ended before every answer ({last})")
