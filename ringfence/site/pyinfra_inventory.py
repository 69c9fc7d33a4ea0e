"""A site as a native pyinfra inventory: inventories/<site>/inventory.py only calls `groups`."""

import socket
import time
from pathlib import Path
from typing import Any

import paramiko
from pyinfra.api.exceptions import InventoryError
from pyinfra.connectors.sshuserclient.client import SSHClient

from ringfence.errors import RingfenceError
from ringfence.site.hosts import Host
from ringfence.site.loading import load_site
from ringfence.site.site import Site
from ringfence.site.ssh import client_config

CONNECT_FAILED = 2
"""SSH_OPEN_CONNECT_FAILED (RFC 4254, section 5.1): sshd's answer, too, to a session too many."""

Group = list[tuple[str, dict[str, Any]]]


def groups(file: str) -> dict[str, Group]:
    """Return the groups of the site in whose folder `file` lies, `all` first.

    Raises pyinfra's InventoryError with the site's problems; pyinfra prints it without a traceback.
    """
    try:
        site = load_site(Path(file).parent)
        site.house.put_first_on_path()
        data = {host.name: host_data(site, host) for host in site.hosts.values()}
    except RingfenceError as error:
        raise InventoryError(f"the site can't be used:\n{error}") from None
    _survive_changed_key_of_hop()
    members = {"all": list(site.hosts.values()), **site.groups}
    return {
        name: [(host.name, data[host.name]) for host in hosts] for name, hosts in members.items()
    }


def host_data(site: Site, host: Host) -> dict[str, Any]:
    """Return pyinfra's data of a host: how to reach it, and which site and host it is."""
    data: dict[str, Any] = {
        "ringfence_site": str(site.path),
        "ringfence_host": host.name,
        "ssh_hostname": host.name,
        "ssh_user": host.ssh.user,
        "ssh_config_file": str(client_config(site)),
        "ssh_known_hosts_file": str(site.known_hosts_file),
        "ssh_strict_host_key_checking": "yes",
        "ssh_paramiko_connect_kwargs": {"transport_factory": undelayed_transport},
    }
    if host.ssh.port is not None:
        data["ssh_port"] = host.ssh.port
    if host.ssh.identity_file is not None:
        data["ssh_key"] = str(host.ssh.identity_file)
    if host.ssh.user != "root":
        data["_sudo"] = True
    return data


def undelayed_transport(sock: Any, **options: Any) -> paramiko.Transport:
    """Make paramiko's transport with TCP_NODELAY, which it never sets: 2-4 ms a command, not 44-50.

    A hop's sock is a channel rather than a socket and has no such option.
    """
    if hasattr(sock, "setsockopt"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return PatientTransport(sock, **options)


class PatientTransport(paramiko.Transport):
    """A transport that waits for its turn: where sshd has MaxSessions 1, pyinfra asks for the next
    session before the last has ended, is refused, and could never mend that very setting."""

    patience = 10.0
    """Seconds for which a session is asked for again."""

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


def _survive_changed_key_of_hop() -> None:
    """Give pyinfra what it forgets: without it, a hop whose host key changed ends the whole run.

    pyinfra 3.10 reads the client's `_ssh_config` while it reports the changed key, but sets it only
    once the hop is connected; the AttributeError stops every other host too.
    """
    if not hasattr(SSHClient, "_ssh_config"):
        SSHClient._ssh_config = {}
