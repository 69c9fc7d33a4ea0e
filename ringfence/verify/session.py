"""One ssh channel to one host, over which any number of commands are answered in one round trip."""

import re
import secrets
import selectors
import shlex
import struct
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import IO

from ringfence.verify.answers import Answer

KEEPALIVE = ("-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3")
"""A busy host may be silent for half a minute; after a whole one it is gone. A caller's own options
come first, and ssh takes the first (ssh_config(5))."""
SILENCE_LIMIT = 150.0  # seconds; the runner answers each command within 120
LONGEST_NOISE = 1_048_576  # bytes that start-up files may print before the runner speaks


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
        remote = [_remote_command(become_root)] if sends_runner else []
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._process = subprocess.Popen(
            [ssh[0], "-T", *ssh[1:-1], *KEEPALIVE, ssh[-1], *remote],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
            start_new_session=True,
        )
        self._token = secrets.token_hex(16).encode()
        self._buffer = bytearray()
        self._greeted = False
        self._sender: threading.Thread | None = None
        assert self._process.stdout is not None
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        self._send(self._token + b"\n")

    def ask(self, commands: Iterable[str]) -> Iterator[tuple[str, Answer]]:
        """Put ``commands`` to the host and yield each with its answer, in order.

        Answers to quick commands come together: of a host that dies, those of its last tenth of a
        second may be lost with it.

        Raises:
            UnreachableError: the channel could not be opened, or broke before the last answer.
            BusyError: it could not be opened although sshd was there.
        """
        wanted = list(commands)
        data = b"".join(
            struct.pack("!I", len(command)) + command
            for command in (text.encode("utf-8", "surrogateescape") for text in wanted)
        )
        self._sender = sender = threading.Thread(target=self._send, args=(data,), daemon=True)
        sender.start()
        self._await_greeting()
        for command in wanted:
            status, stdout_size, stderr_size = struct.unpack("!III", self._take(12))
            yield command, Answer(status, self._take(stdout_size), self._take(stderr_size))
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

    def _await_greeting(self) -> None:
        if self._greeted:
            return
        greeting = b"\n" + self._token + b"\n"
        while (start := self._buffer.find(greeting)) < 0:
            if len(self._buffer) > LONGEST_NOISE:
                raise UnreachableError("its shell's start-up files print without end")
            self._receive()
        del self._buffer[: start + len(greeting)]
        self._greeted = True

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._receive()
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _receive(self) -> None:
        if not self._selector.select(self.silence_limit):
            raise UnreachableError(f"it fell silent for {self.silence_limit:.0f} seconds")
        assert self._process.stdout is not None
        data = self._process.stdout.read(1 << 20)
        if not data:
            raise self._why_it_ended()
        self._buffer += data

    def _why_it_ended(self) -> UnreachableError:
        status = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").splitlines()
        said = [line.strip() for line in lines if line.strip()]
        if status == 255:
            reason = said[-1] if said else "ssh gave no reason"
            cut_short = not self._greeted and CUT_SHORT.search(reason)
            return BusyError(reason) if cut_short else UnreachableError(reason)
        if any(line.startswith("sudo:") for line in said):
            return UnreachableError(f"cannot become root: {said[-1]}")
        last = said[-1] if said else status
        return UnreachableError(f"the connection ended before every answer ({last})")


def _remote_command(become_root: bool) -> str:
    runner = files("ringfence.verify").joinpath("runner.pl").read_text()
    privilege = "sudo -n " if become_root else ""
    return f"exec {privilege}/usr/bin/perl -e {shlex.quote(runner)}"
