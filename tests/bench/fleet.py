"""Many hosts: an sshd each, on addresses of their own, in the containers of the lab."""

import shutil
from pathlib import Path

import yaml

from bench.place import Place

PORT = 2222
CONTAINERS = ("fleet1", "fleet2")
MOST = 200
START = """
mkdir -p /run/sshd
for address in {addresses}; do
    ip address add "$address/23" dev host0 2>/dev/null || continue
    /usr/sbin/sshd -p {port} -o "ListenAddress=$address" -o PidFile=none </dev/null >&2
done
"""
BLOCK = """Host {name}
    HostName {address}
    Port {port}
    User deploy
    HostKeyAlias {container}
    IdentityFile {state}/id_ed25519
    IdentitiesOnly yes
    UserKnownHostsFile {state}/known_hosts
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    KexAlgorithms ^curve25519-sha256
    ConnectTimeout 10
"""
"""As the lab's own: this key exchange costs the client little."""


def address_of(number: int) -> str:
    """Return the address of a host; the containers take turns."""
    return f"10.79.{number % 2}.{10 + number // 2}"


def start(place: Place) -> None:
    """Start an sshd for each host that isn't there yet."""
    for index, container in enumerate(CONTAINERS):
        addresses = [address_of(n) for n in range(MOST) if n % 2 == index]
        place.on(container, START.format(addresses=" ".join(addresses), port=PORT))


def make_site(place: Place, folder: Path, count: int, dead: int = 0) -> Path:
    """Write a site of so many hosts; at the last ``dead`` of them nobody listens."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(place.site, folder, ignore=shutil.ignore_patterns(".lab", "runs"))
    (folder / ".lab").symlink_to(place.state)
    names = [f"host{number:03}" for number in range(count)]
    blocks, hosts = [], {}
    for number, name in enumerate(names):
        port = PORT + 1 if number >= count - dead else PORT
        address, container = address_of(number), CONTAINERS[number % 2]
        blocks.append(
            BLOCK.format(
                name=name, address=address, port=port, container=container, state=place.state
            )
        )
        hosts[name] = {
            "address": address,
            "groups": ["agents"],
            "classification": "medium",
            "owner": "ana",
        }
    (folder / "ssh_config").write_text("\n".join(blocks))
    site = yaml.safe_load((folder / "hosts.yml").read_text())
    site["ssh"] |= {"config_file": "ssh_config"}
    (folder / "hosts.yml").write_text(yaml.safe_dump(site | {"hosts": hosts}))
    return folder
