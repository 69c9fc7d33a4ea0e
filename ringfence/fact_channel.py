"""One root shell a host for all that pyinfra's facts ask, in the process that runs pyinfra.

pyinfra opens a channel and calls sudo for each command, which costs a host more than most questions
do. Facts change nothing, so theirs go to one `verify/runner.pl` over the connection that is there.
What operations do goes the usual way: each of their commands stands in sudo's log.
"""

import secrets
import shlex
import struct
from importlib.resources import files
from typing import Any

from ringfence.verify.answers import Answer

LONGEST_NOISE = 1_048_576
"""Bytes that start-up files may print before the runner speaks."""
SILENCE_LIMIT = 150.0
"""Seconds; the runner answers each command within 120."""
GAVE_UP = 124
"""The exit status with which the runner tells that a command took longer."""


class FactChannel:
    """The runner on one host."""

    def __init__(self, client: Any) -> None:
        """Start it.

        Args:
            client: paramiko's SSHClient, connected.

        Raises OSError, paramiko's SSHException or EOFError when it can't be started.
        """
        runner = files("ringfence.verify").joinpath("runner.pl").read_text()
        self._channel = client.get_transport().open_session()
        self._channel.settimeout(SILENCE_LIMIT)
        self._channel.exec_command(f"exec sudo -n /usr/bin/perl -e {shlex.quote(runner)}")
        token = secrets.token_hex(16).encode()
        self._buffer = bytearray()
        self._channel.sendall(token + b"\n")
        greeting = b"\n" + token + b"\n"
        while (start := self._buffer.find(greeting)) < 0:
            if len(self._buffer) > LONGEST_NOISE:
                raise EOFError("start-up files print without end")
            self._receive()
        del self._buffer[: start + len(greeting)]

    def ask(self, command: str) -> Answer:
        """Return a command's answer. Raises OSError or EOFError when there is none."""
        text = command.encode("utf-8", "surrogateescape")
        self._channel.sendall(struct.pack("!I", len(text)) + text)
        status, output, errors = struct.unpack("!III", self._take(12))
        return Answer(status, self._take(output), self._take(errors))

    def close(self) -> None:
        """End it."""
        self._channel.close()

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._receive()
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _receive(self) -> None:
        data = self._channel.recv(1 << 20)
        if not data:
            raise EOFError("the runner ended")
        self._buffer += data
