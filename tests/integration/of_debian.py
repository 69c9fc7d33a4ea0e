"""Packages of Debian's that no role wants: got when a test asks, for containers have no network."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ringfence.lab import container
from ringfence.lab.paths import LabPaths

ENTER = ("nsenter", "--target")
INSTALL = """\
set -e
cat >/run/resolv.conf # this computer's, seen by nobody else
mount --bind /run/resolv.conf /etc/resolv.conf
export DEBIAN_FRONTEND=noninteractive
rm -rf /var/lib/apt/lists # the image knows only of what it carries
apt-get -q update
apt-get install -qy --no-install-recommends -o Dpkg::Options::=--force-unsafe-io "$@"
"""


def first_process(site: Path, host: str) -> str:
    """Return the number that a container's first process has on this computer."""
    cgroup = container.lab_cgroup(LabPaths(site)) / host / "payload/init.scope/cgroup.procs"
    return cgroup.read_text().split()[0]


def install(site: Path, host: str, packages: Sequence[str]) -> None:
    """Install packages in a container, by its own apt in this computer's network."""
    inside = ("--mount", "--uts", "--ipc", "--pid", "--")
    apart = ("unshare", "--mount", "--propagation", "private", "sh", "-c", INSTALL, "sh")
    proxies = {name: it for name, it in os.environ.items() if name.lower().endswith("_proxy")}
    ended = subprocess.run(
        [*ENTER, first_process(site, host), *inside, *apart, *packages],
        input=Path("/etc/resolv.conf").read_text(),
        capture_output=True,
        text=True,
        env={**proxies, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]


def in_network(site: Path, host: str, command: Sequence[str]) -> str:
    """Run a program of this computer's in a container's network, and return what it printed."""
    words = [*ENTER, first_process(site, host), "--net", "--", *command]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
