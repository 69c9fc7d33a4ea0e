"""Containers: systemd-nspawn on an overlay of the image's tree, in the lab's network namespace."""

import contextlib
import os
import shutil
import time
from pathlib import Path

from ringfence.errors import ToolError
from ringfence.lab import processes
from ringfence.lab.paths import LabPaths
from ringfence.lab.seed import SeedFile, write_seed

INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
ENOUGH_INOTIFY = 1024
SCRIPT = Path(__file__).with_name("container.sh")


def cgroup_root() -> Path:
    """Return where cgroup version 2 is mounted. Raises ToolError when it isn't."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, target, kind = line.split()[:3]
        if kind == "cgroup2":
            return Path(target)
    raise ToolError("containers need cgroup version 2: mount -t cgroup2 none /sys/fs/cgroup")


def lab_cgroup(paths: LabPaths) -> Path:
    """Return the cgroup that holds the lab's containers."""
    return cgroup_root() / f"ringfence-{paths.identifier}"


def raise_inotify_limit(file: Path = INOTIFY) -> bool:
    """Let many containers watch files; return whether the limit had to be raised.

    All systemds of this machine share the limit of root, Debian's 128 is used up by about a dozen
    of them, and the next one comes up degraded. The setting is not kept over a restart.
    """
    if int(file.read_text()) >= ENOUGH_INOTIFY:
        return False
    with contextlib.suppress(OSError):
        file.write_text(f"{ENOUGH_INOTIFY}\n")
        return True
    return False


def start(
    paths: LabPaths, name: str, image: Path, seed: dict[str, SeedFile], network: int, bridge: str
) -> None:
    """Start a container from its image: whatever it was before is forgotten."""
    folder = paths.host(name)
    for layer in ("upper", "work"):
        shutil.rmtree(folder / layer, ignore_errors=True)
        (folder / layer).mkdir(mode=0o755, parents=True)
    tree = image / "tree"
    if not tree.is_dir():
        raise ToolError(f"{image} has no tree for containers; it was built without root")
    write_seed(seed, folder / "upper", tree)
    cgroup = lab_cgroup(paths) / name
    cgroup.mkdir(parents=True, exist_ok=True)
    run(paths, name, tree, cgroup, network, bridge)


def run(paths: LabPaths, name: str, tree: Path, cgroup: Path, network: int, bridge: str) -> None:
    """Start the process that runs the container."""
    words = [name, str(paths.host(name)), str(tree), str(cgroup), bridge]
    processes.start(
        [
            *("nsenter", f"--net=/proc/{network}/ns/net"),
            *("unshare", "--mount", "--propagation", "private"),
            *("sh", str(SCRIPT), *words),
        ],
        paths.state,
        name,
        paths.log(f"{name}.console"),
    )


def remove_cgroup(cgroup: Path, wait: float = 10.0) -> None:
    """Kill what a cgroup still holds and remove it with all below it (cgroup.kill: Linux 5.14)."""
    if not cgroup.is_dir():
        return
    with contextlib.suppress(OSError):
        (cgroup / "cgroup.kill").write_text("1")
    deadline = time.monotonic() + wait
    while cgroup.is_dir():
        for folder, _, _ in os.walk(cgroup, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(folder)  # noqa: PTH106 - a cgroup is removed while it has files
        if cgroup.is_dir():
            if time.monotonic() > deadline:
                raise ToolError(f"{cgroup} still holds processes; look at its cgroup.procs")
            time.sleep(0.05)


def remove_layers(folder: Path) -> None:
    """Remove what a stopped container had written, and its empty mount points."""
    for layer in ("upper", "work", "root", "image"):
        shutil.rmtree(folder / layer, ignore_errors=True)
