"""A site as a native pyinfra inventory: inventories/<site>/inventory.py only calls `groups`."""

from pathlib import Path
from typing import Any

from pyinfra.api.exceptions import InventoryError
from pyinfra.connectors.sshuserclient.client import SSHClient

from ringfence.errors import RingfenceError
from ringfence.site.hosts import Host
from ringfence.site.loading import load_site
from ringfence.site.site import Site
from ringfence.site.ssh import client_config
from ringfence.site.transport import transport_to

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
        "ssh_paramiko_connect_kwargs": {"transport_factory": transport_to(host.name)},
    }
    if host.ssh.port is not None:
        data["ssh_port"] = host.ssh.port
    if host.ssh.identity_file is not None:
        data["ssh_key"] = str(host.ssh.identity_file)
    if host.ssh.user != "root":
        data["_sudo"] = True
    return data


def _survive_changed_key_of_hop() -> None:
    """Give pyinfra what it forgets: without it, a hop whose host key changed ends the whole run.

    pyinfra 3.10 reads the client's `_ssh_config` while it reports the changed key, but sets it only
    once the hop is connected; the AttributeError stops every other host too.
    """
    if not hasattr(SSHClient, "_ssh_config"):
        SSHClient._ssh_config = {}
