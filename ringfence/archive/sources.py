"""Where an archive is read from: a folder here, or the collector over ssh."""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from ringfence.archive.days import Readable
from ringfence.errors import ToolError, UsageError

CHAIN = "chain.jsonl"
HOST = re.compile(r"_?[a-z0-9][a-z0-9.-]{0,252}")
"""A host's folder; that of records which no known host sent begins with `_`."""
LARGEST_CHAIN = 64 << 20  # bytes; half a kilobyte a day


class Source(Protocol):
    """An archive: a folder a host, as the collector has it."""

    def hosts(self) -> list[str]:
        """Return the names of the folders, sorted."""
        ...

    def files(self, host: str) -> dict[str, int | None]:
        """Return what lies in a host's folder: name to size in bytes, None if it is no file."""
        ...

    def chain(self, host: str) -> bytes | None:
        """Return a host's chain; None if there is none."""
        ...

    def read(self, host: str, names: Sequence[str]) -> Iterator[tuple[str, Readable]]:
        """Yield files of a host by name, in this order, each to be read before the next one.

        One that vanished meanwhile is left out.
        """
        ...

    def close(self) -> None:
        """End what reading began."""
        ...


class Folder:
    """An archive in a folder of this computer: the collector's own, or a copy."""

    def __init__(self, path: Path) -> None:
        """Take a folder. Raises UsageError if it holds no host's folder."""
        self.path = path
        try:
            self._hosts = sorted(
                entry.name
                for entry in os.scandir(path)
                if entry.is_dir(follow_symlinks=False)
                and HOST.fullmatch(entry.name)
                and entry.name != "lost+found"
            )
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from None
        if not self._hosts:
            raise UsageError(f"{path} is no archive: it holds no folder named like a host")

    def hosts(self) -> list[str]:
        """Return the names of the folders, sorted."""
        return self._hosts

    def files(self, host: str) -> dict[str, int | None]:
        """Return what lies in a host's folder: name to size in bytes, None if it is no file."""
        found = {}
        for entry in os.scandir(self.path / host):
            about = entry.stat(follow_symlinks=False)
            found[entry.name] = about.st_size if stat.S_ISREG(about.st_mode) else None
        return found

    def chain(self, host: str) -> bytes | None:
        """Return a host's chain; None if there is none. Raises ToolError for an absurd one."""
        path = self.path / host / CHAIN
        if not path.is_file() or path.is_symlink():
            return None
        if path.stat().st_size > LARGEST_CHAIN:
            raise ToolError(f"{path} is larger than any chain could be")
        return path.read_bytes()

    def read(self, host: str, names: Sequence[str]) -> Iterator[tuple[str, Readable]]:
        """Yield files of a host by name, in this order; one that vanished meanwhile is left out."""
        for name in names:
            try:
                stream = (self.path / host / name).open("rb")
            except FileNotFoundError:
                continue
            with stream:
                yield name, stream

    def close(self) -> None:
        """Do nothing: no file stays open."""
