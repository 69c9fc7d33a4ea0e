"""pyinfra's connection to a host: undelayed, waits for its turn, and ends with a dead host."""

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import paramiko

CONNECT_FAILED = 2
"""SSH_OPEN_CONNECT_FAILED (RFC 4254, section 5.1): sshd's answer, too, to a session too many."""
KEEPALIVE = "keepalive@openssh.com"
"""What every sshd answers, if only by not knowing it (OpenSSH's PROTOCOL, 2.8)."""


def transport_to(host: str) -> Callable[..., "HostTransport"]:
    """Return what makes paramiko's transport to a host of this name, with TCP_NODELAY.

    paramiko never sets it: 2-4 ms a command, not 44-50. A hop's sock is a channel rather than a
    socket and has no such option.
    """

    def make(sock: Any, **options: Any) -> HostTransport:
        if hasattr(sock, "setsockopt"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport = HostTransport(sock, **options)
        transport.host = host
        return transport

    return make


class HostTransport(paramiko.Transport):
    """A transport that waits for its turn, and doesn't wait for ever.

    Where sshd has MaxSessions 1, pyinfra asks for the next session before the last has ended, is
    refused, and could never mend that very setting. And pyinfra waits without a limit for what it
    has asked: a host whose kernel has died closes nothing, and where something on the way still
    acknowledges what is sent (a bastion, a hypervisor), the network ends nothing either.
    """

    host = ""
    """The host's name."""
    patience = 10.0
    """Seconds for which a session is asked for again."""
    interval = 15.0
    """Seconds between two questions whether the host is there."""
    silence = 150.0
    """Seconds that it has for an answer: longer than the window in which the guard puts it back."""

    def start_client(self, *arguments: Any, **options: Any) -> None:
        """Begin the connection, and watch from then on whether its host is there."""
        super().start_client(*arguments, **options)
        threading.Thread(target=self._watch, daemon=True).start()

    def open_session(self, *arguments: Any, **options: Any) -> paramiko.Channel:
        """Open a session; one that sshd refuses is asked for again. Raises SSHException."""
        limit = time.monotonic() + self.patience
        while True:
            try:
                return super().open_session(*arguments, **options)
            except paramiko.ChannelException as refusal:
                if refusal.code != CONNECT_FAILED or time.monotonic() > limit:
                    raise
                time.sleep(0.05)
            except EOFError:  # which pyinfra doesn't expect: it would end for all hosts
                raise paramiko.SSHException("the connection has ended") from None

    def _watch(self) -> None:
        """Close the connection when its host no longer answers; whoever waits for it then fails."""
        while self.is_active():
            time.sleep(self.interval)
            if not self.is_authenticated():  # until then a question is against the protocol
                continue
            asked = threading.Thread(target=self._ask, daemon=True)
            asked.start()
            asked.join(self.silence)
            if asked.is_alive():
                said = f"said nothing for {self.silence:.0f} seconds, so its connection was ended"
                print(f"    [{self.host}] SSH error: {said}", file=sys.stderr, flush=True)
                self.close()

    def _ask(self) -> None:
        """Ask whether the host is there; wait for any answer, or for the connection's end."""
        with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
            self.global_request(KEEPALIVE, wait=True)
