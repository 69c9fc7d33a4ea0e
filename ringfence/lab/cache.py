"""Folders that labs share: made once, complete or not there, each under the lock of its name."""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ringfence.errors import ToolError
from ringfence.lab.paths import cache_dir


def ensure(name: str, build: Callable[[Path, int], None]) -> Path:
    """Return the cached folder of this name; without one, `build(folder, lock)` fills a new one.

    Whoever comes second waits for the first. What an interrupted build left is removed by the next.
    `lock` is a descriptor: a program that inherits it keeps others out for as long as it lives.
    """
    cache = cache_dir()
    cache.mkdir(parents=True, exist_ok=True)
    target = cache / name
    if target.is_dir():
        os.utime(target)
        return target
    forget_unused(cache)
    with _locked(cache / f"{name}.lock") as lock:
        if target.is_dir():
            return target
        for leftover in cache.glob(f".{name}.*"):
            remove(leftover)
        folder = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=cache))
        folder.chmod(0o755)
        try:
            build(folder, lock)
            folder.rename(target)
        except BaseException:
            remove(folder)
            raise
    return target


def forget_unused(cache: Path, seconds: float = 30 * 24 * 3600) -> None:
    """Remove the folders that nobody has asked for in 30 days; an image has most of a gigabyte."""
    for folder in cache.iterdir():
        if folder.is_dir() and folder.stat().st_mtime < time.time() - seconds:
            remove(folder)


def remove(folder: Path) -> None:
    """Remove a folder whose files may belong to the user namespace of mmdebstrap.

    Raises ToolError when something is mounted below it: what is removed there is somewhere else.
    """
    if mounts := mounts_below(folder):
        raise ToolError(f"{mounts[0]} is mounted in a folder to be removed; umount it first")
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        command = ["mmdebstrap", "--unshare-helper", "rm", "-rf", str(folder)]
        subprocess.run(command, capture_output=True, check=False)


def mounts_below(folder: Path, mountinfo: Path = Path("/proc/self/mountinfo")) -> list[str]:
    """Return the mount points below a folder, the deepest first (proc(5) on their notation)."""
    points = [line.split()[4] for line in mountinfo.read_text().splitlines()]
    plain = [re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), p) for p in points]
    return sorted((p for p in plain if p.startswith(f"{folder}/")), reverse=True)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)
