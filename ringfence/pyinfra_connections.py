"""pyinfra's connections end when a host says nothing more: by itself it waits for ever.

A host whose kernel has died closes nothing, and where something on the way still acknowledges what
is sent (a bastion, a hypervisor), nothing that the network knows ends the connection either.
"""

import contextlib
import sys
import threading
import time
from typing import Any

KEEPALIVE = "keepalive@openssh.com"
"""What every sshd answers, if only by not knowing it (OpenSSH's PROTOCOL, 2.8)."""
INTERVAL = 15.0
"""Seconds between two questions whether a host is there."""
SILENCE_LIMIT = 150.0
"""Seconds that a host has for an answer: longer than the window in which the guard puts it back."""


def end_with_silent_hosts() -> None:
    """Watch each connection that pyinfra makes by ssh."""
    from pyinfra.connectors.ssh import SSHConnector

    connect = SSHConnector.connect

    def connect_and_watch(connector: Any) -> None:
        connect(connector)
        threading.Thread(
            target=watch,
            args=(connector.client.get_transport(), connector.host.name, INTERVAL, SILENCE_LIMIT),
            daemon=True,
        ).start()

    SSHConnector.connect = connect_and_watch  # type: ignore[method-assign,assignment] # no hook


def watch(transport: Any, host: str, interval: float, limit: float) -> None:
    """Close a connection when its host doesn't answer any more; whoever waits for it then fails.

    Args:
        transport: paramiko's Transport.
        host: the host's name.
        interval: seconds between two questions.
        limit: seconds that the host has for an answer.
    """
    while transport.is_active():
        time.sleep(interval)
        asked = threading.Thread(target=_ask, args=(transport,), daemon=True)
        asked.start()
        asked.join(limit)
        if asked.is_alive():
            said = f"SSH error: said nothing for {limit:.0f} seconds, so its connection was ended"
            print(f"    [{host}] {said}", file=sys.stderr, flush=True)
            transport.close()


def _ask(transport: Any) -> None:
    """Ask whether the host is there, and wait for any answer, or the connection's end."""
    from paramiko import SSHException

    with contextlib.suppress(OSError, EOFError, SSHException):
        transport.global_request(KEEPALIVE, wait=True)
