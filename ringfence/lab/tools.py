"""The programs that the lab needs, with the Debian packages that bring them."""

import os
import shutil
from collections.abc import Iterable

from ringfence.errors import MissingToolsError

SHARED = {
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "apt-get": "apt",
}
MACHINE = {"qemu-system-x86_64": "qemu-system-x86", "qemu-img": "qemu-utils"}
CONTAINER = {
    "systemd-nspawn": "systemd-container",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "mount": "mount",
}
FILES = {"/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring"}
SEARCHED = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def missing_packages(kinds: Iterable[str]) -> set[str]:
    """Return the Debian packages that hosts of these kinds need and this machine lacks."""
    wanted = dict(SHARED)
    if "machine" in (chosen := set(kinds)):
        wanted |= MACHINE
        if os.getuid() != 0:
            wanted["newuidmap"] = "uidmap"
    if "container" in chosen:
        wanted |= CONTAINER
    missing = {package for tool, package in wanted.items() if not shutil.which(tool, path=SEARCHED)}
    return missing | {package for file, package in FILES.items() if not os.path.exists(file)}  # noqa: PTH110


def require_tools(kinds: Iterable[str]) -> None:
    """Raise MissingToolsError when something is missing."""
    if missing := missing_packages(kinds):
        raise MissingToolsError(missing, "the lab")
