"""What makes a copy of the image this host: its name, addresses, keys and the lab's marker."""

import io
import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Interface
from pathlib import Path

from ringfence.errors import ToolError
from ringfence.lab.keys import USER

MARKER = "etc/ringfence-lab"


@dataclass(frozen=True)
class SeedFile:
    """One file: permission bits, and whether the deploy user owns it (else root)."""

    content: str
    mode: int = 0o644
    for_user: bool = False


TAR_SIZE = 65536
USER_ID = 1000
"""The deploy user's uid and gid; customize.sh makes the account with them."""


@dataclass(frozen=True)
class Identity:
    """One host of a lab, as the host itself must know it."""

    lab: str
    name: str
    interface: IPv4Interface
    """Its address on the lab's network, with the prefix length."""
    match: str
    """How systemd-networkd finds the interface: `Name=host0`, `PermanentMACAddress=…`."""
    mac: str
    """The address that the interface takes; empty to keep its own."""
    resolver: str
    """The address of its name server; empty when names outside the lab have no meaning to it."""
    hosts: Mapping[str, str]
    """Name to address of every host of the lab."""
    operator_key: str
    host_key: str
    host_key_public: str


def seed_files(identity: Identity) -> dict[str, SeedFile]:
    """Return the files by their path without the leading slash."""
    link = f"[Link]\nMACAddress={identity.mac}\n\n" if identity.mac else ""
    names = "".join(f"{address}\t{name}\n" for name, address in identity.hosts.items())
    return {
        MARKER: SeedFile(f"{identity.lab}\n"),
        "etc/hostname": SeedFile(f"{identity.name}\n"),
        "etc/hosts": SeedFile(f"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n{names}"),
        "etc/resolv.conf": SeedFile(
            f"nameserver {identity.resolver}\n" if identity.resolver else ""
        ),
        "etc/systemd/network/10-lab.network": SeedFile(
            f"[Match]\n{identity.match}\n\n{link}"
            f"[Network]\nAddress={identity.interface}\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
        ),
        "etc/ssh/ssh_host_ed25519_key": SeedFile(identity.host_key, 0o600),
        "etc/ssh/ssh_host_ed25519_key.pub": SeedFile(identity.host_key_public),
        f"home/{USER}/.ssh/authorized_keys": SeedFile(
            f"{identity.operator_key}\n", 0o600, for_user=True
        ),
    }


def seed_tar(files: Mapping[str, SeedFile]) -> bytes:
    """Return the files as a tar of TAR_SIZE bytes; folders that exist stay as they are.

    The size is fixed because a kernel learns it when it boots, and the seed changes after that.
    Raises ToolError when the files are too many.
    """
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for path, file in files.items():
            content = file.content.encode()
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), file.mode
            entry.uid = entry.gid = USER_ID if file.for_user else 0
            archive.addfile(entry, io.BytesIO(content))
    if len(stream.getvalue()) > TAR_SIZE:
        raise ToolError(f"the seed of a machine is larger than {TAR_SIZE} bytes: too many hosts")
    return stream.getvalue().ljust(TAR_SIZE, b"\0")


def write_seed(files: Mapping[str, SeedFile], root: Path, modes: Path) -> None:
    """Write the files below `root`, an overlay's upper layer; needs root.

    A new folder takes owner and mode from its like in `modes`, the lower layer, because an overlay
    shows the upper folder's.
    """
    for path, file in files.items():
        for folder in reversed(Path(path).parents[:-1]):
            below, like = root / folder, (modes / folder).lstat()
            if not below.exists():
                below.mkdir()
                os.chown(below, like.st_uid, like.st_gid)
                below.chmod(like.st_mode & 0o7777)
        target = root / path
        target.write_text(file.content)
        owner = USER_ID if file.for_user else 0
        os.chown(target, owner, owner)
        target.chmod(file.mode)
