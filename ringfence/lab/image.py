"""The images that hosts are copies of: one for each Debian release, made once, kept by digest.

An image is a folder: `tree` (the lower layer of containers), `disk` (an ext4 file system that is
the first disk of machines), `vmlinuz` and `initrd`. It never changes once it has its name.
"""

import hashlib
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from ringfence.errors import ToolError
from ringfence.lab import cache, mirror
from ringfence.lab.tools import SEARCHED

CUSTOMIZE = Path(__file__).with_name("customize.sh")
STEP = re.compile(rb"I: ((?:running apt-get|downloading|extracting|installing)[a-z -]+)")
"""What of mmdebstrap's output is worth telling."""
PROGRAMS = ("mmdebstrap", "mke2fs")
PRIVATE_MOUNTS = (
    *("unshare", "--mount", "--propagation", "private"),
    *("--pid", "--fork", "--kill-child", "--mount-proc"),
)
"""As root mmdebstrap mounts this machine's /dev, /proc and /sys below the new root. In namespaces
of its own they can't stay behind when it is killed, to be met by whoever removes the folder."""
DISK_SIZE = "6G"
PACKAGES = (
    "ca-certificates",
    "dbus",
    "initramfs-tools",
    "iproute2",
    "iputils-ping",
    "kmod",
    "libpam-systemd",
    "linux-image-cloud-amd64",
    "netbase",
    "openssh-client",
    "openssh-server",
    "procps",
    "sudo",
    "systemd-sysv",
    "tzdata",
    "udev",
    "zstd",
)
"""What a small Debian server has; a role brings the rest. The cloud kernel is Debian's, without
drivers for hardware that no virtual machine has: it is built and booted in half the time."""
PACKAGES_OF_RELEASE: dict[int, tuple[str, ...]] = {12: (), 13: ("linux-sysctl-defaults",)}
"""The sysctl defaults of Debian 12 are part of its systemd package."""


@dataclass(frozen=True)
class Recipe:
    """Everything that an image is made from; its digest is the image's name."""

    release: int
    sources: list[str]
    apt_settings: list[str]
    role_packages: list[str]
    with_tree: bool
    """Containers need the tree and root; without root there is only the disk."""
    customize: str
    packages: tuple[str, ...]
    architecture: str = "amd64"
    disk_size: str = DISK_SIZE

    @property
    def digest(self) -> str:
        """The first 16 hex digits of the SHA-256 of the recipe's canonical JSON."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def role_packages(roles: Path) -> list[str]:
    """Return the packages that the roles in a folder install: packages.txt, one name a line."""
    names: set[str] = set()
    for file in roles.glob("*/packages.txt"):
        lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
        names.update(line for line in lines if line)
    return sorted(names)


def make_recipe(release: int, roles: Path) -> Recipe:
    """Return the recipe of a release on this machine. Raises ToolError on another architecture."""
    if platform.machine() != "x86_64":
        raise ToolError(f"the lab runs on x86_64 machines, not on {platform.machine()}")
    return Recipe(
        release=release,
        sources=mirror.sources(release, mirror.archives_of_this_machine()),
        apt_settings=mirror.settings_of_this_machine(),
        role_packages=role_packages(roles),
        with_tree=os.getuid() == 0,
        customize=CUSTOMIZE.read_text(),
        packages=(*PACKAGES, *PACKAGES_OF_RELEASE[release]),
    )


def ensure_image(recipe: Recipe, log: Path, say: Callable[[str], None]) -> Path:
    """Return the folder of an image, building it when it isn't there.

    Whoever comes second waits for the first. Raises ToolError, with the log's path, when it fails.
    """

    def build(folder: Path, lock: int) -> None:
        _build(recipe, folder, log, lock, say)

    return cache.ensure(recipe.digest, build)


def mmdebstrap_command(recipe: Recipe, tree: Path) -> list[str]:
    """Return the call that makes the tree."""
    hook = f'ROLE_PACKAGES={shlex.quote(" ".join(recipe.role_packages))} sh -s "$1" < '
    return [
        *(PRIVATE_MOUNTS if recipe.with_tree else ()),
        "mmdebstrap",
        f"--mode={'root' if recipe.with_tree else 'unshare'}",
        "--variant=minbase",
        "--format=directory",
        f"--include={','.join(recipe.packages)}",
        "--skip=cleanup/apt",
        *(f"--aptopt={setting}" for setting in recipe.apt_settings),
        f"--customize-hook={hook}{shlex.quote(str(CUSTOMIZE))}",
        mirror.CODENAMES[recipe.release],
        str(tree),
        *recipe.sources,
    ]


def _build(recipe: Recipe, folder: Path, log: Path, lock: int, say: Callable[[str], None]) -> None:
    tree = folder / "tree"
    log.write_text("")
    _run(mmdebstrap_command(recipe, tree), log, lock, say)
    for name, link in (("vmlinuz", "vmlinuz"), ("initrd", "initrd.img")):
        shutil.copyfile(_boot_file(tree, link), folder / name)
    say("making the disk")
    disk = folder / "disk"
    with disk.open("wb"):
        pass
    make_disk = ["mke2fs", "-q", "-t", "ext4", "-L", "root", "-d", str(tree), str(disk)]
    if recipe.with_tree:
        _run([*make_disk, recipe.disk_size], log, lock)
    else:
        disk.chmod(0o666)
        _run(["mmdebstrap", "--unshare-helper", *make_disk, recipe.disk_size], log, lock)
        disk.chmod(0o644)
        cache.remove(tree)
    (folder / "recipe.json").write_text(json.dumps(asdict(recipe), indent=2))


def _boot_file(tree: Path, link: str) -> Path:
    """Follow /vmlinuz or /initrd.img by hand: a link may be absolute, and mean the tree's root."""
    target = (tree / link).readlink()
    return tree / str(target).lstrip("/")


def _run(
    command: list[str], log: Path, lock: int, say: Callable[[str], None] | None = None
) -> None:
    """Run a step of a build into the log.

    The step inherits the lock: when this process is killed, the step that it leaves behind keeps
    others out until it has ended too.
    """
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PATH": SEARCHED}
    with (
        log.open("ab") as output,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            pass_fds=(lock,),
        ) as process,
    ):
        for line in process.stdout or ():
            output.write(line)
            output.flush()
            step = STEP.match(line)
            if say and step:
                say(step[1].decode())
    if process.returncode:
        name = next((word for word in command if word in PROGRAMS), command[0])
        raise ToolError(f"{name} failed while the image was built; the log is {log}")
