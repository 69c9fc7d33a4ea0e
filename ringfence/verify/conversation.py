"""What is said with `runner.pl` at the far end of a channel, whatever carries it."""

import secrets
import shlex
import struct
from collections.abc import Callable
from importlib.resources import files

from ringfence.verify.answers import Answer

LONGEST_NOISE = 1_048_576
"""Bytes that start-up files may print before the runner speaks."""
GAVE_UP = 124
"""The exit status with which the runner tells that a command took longer than 120 seconds."""


def runner_command(become_root: bool) -> str:
    """Return the command that starts the runner on a host, by ``sudo`` if wanted."""
    runner = files("ringfence.verify").joinpath("runner.pl").read_text()
    privilege = "sudo -n " if become_root else ""
    return f"exec {privilege}/usr/bin/perl -e {shlex.quote(runner)}"


def frame(command: str) -> bytes:
    """Return a command as the runner reads it; any number may follow one another."""
    text = command.encode("utf-8", "surrogateescape")
    return struct.pack("!I", len(text)) + text


class Conversation:
    """The answering side: tells the runner's words from noise, and takes answers in order."""

    def __init__(self, send: Callable[[bytes], None], receive: Callable[[], bytes]) -> None:
        """Begin.

        Args:
            send: sends bytes to the runner.
            receive: waits for more bytes of it; never empty, what it raises is not caught.
        """
        self.has_begun = False
        """whether the runner has spoken"""
        self._receive = receive
        self._buffer = bytearray()
        self._token = secrets.token_hex(16).encode()
        send(self._token + b"\n")

    def await_greeting(self) -> None:
        """Wait until the runner has spoken. Raises EOFError if start-up files print without end."""
        greeting = b"\n" + self._token + b"\n"
        while not self.has_begun:
            start = self._buffer.find(greeting)
            if start >= 0:
                del self._buffer[: start + len(greeting)]
                self.has_begun = True
            elif len(self._buffer) > LONGEST_NOISE:
                raise EOFError("its shell's start-up files print without end")
            else:
                self._buffer += self._receive()

    def answer(self) -> Answer:
        """Return the answer to the next of the commands that were sent."""
        status, output, errors = struct.unpack("!III", self._take(12))
        return Answer(status, self._take(output), self._take(errors))

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._buffer += self._receive()
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken
