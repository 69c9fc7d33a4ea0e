"""The files of days in a host's folder: which hold records, in which order, and which do so twice.

The job that closes a day may be interrupted anywhere. Then the open file and a closed one of the
same day lie side by side, and what the chain says of the closed one decides:

- The chain doesn't know it: it was made, and not signed yet. The open file has all of it, and the
  job makes the closed one anew, so the open one alone is read.
- The chain knows it, and the open file begins with what it was made of: the job had not removed
  its source yet. The closed one is read, and of the open one what follows.
- The chain knows it, and the open file begins otherwise: it took what came after the day was
  closed. Both are read. So nobody hides a closed day by an open file.

Without a chain, in a copy, all is read: records that come twice are told by their numbers.
"""

import hashlib
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import IO, Protocol

from ringfence.archive.chain import Chain, Entry

NAME = re.compile(r"(\d{4}-\d\d-\d\d)(?:\.(0|[1-9]\d{0,5})(?=\.jsonl\.zst))?\.jsonl(\.zst)?")
REST = re.compile(r"\.\d{4}-\d\d-\d\d(?:\.\d+)?\.jsonl(?:\.zst\.part|\.closed)")
BLOCK = 1 << 18


class Readable(Protocol):
    """What gives bytes in pieces."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to so many bytes; none at the end."""
        ...


@dataclass(frozen=True, order=True)
class DayFile:
    """What one host sent in one day, by UTC's date of reception, or a part of it."""

    host: str
    day: date
    is_open: bool
    """Whether records still come into it; a closed one is compressed (zstd)."""
    part: int
    """-1, or a number from 0 on of what came after the day was closed."""
    name: str
    """Of the file, inside the host's folder."""
    size: int
    """Bytes, as it lies there."""
    source_of: Entry | None = None
    """The entry of a closed file, of which this open one may be the source."""


def day_file(host: str, name: str, size: int) -> DayFile | None:
    """Return the file of a day that a name stands for; None when it is another file."""
    known = NAME.fullmatch(name)
    try:
        day = date.fromisoformat(known[1]) if known else None
    except ValueError:
        return None
    if known is None or day is None:
        return None
    part = -1 if known[2] is None else int(known[2])
    return DayFile(host, day, known[3] is None, part, name, size)


def rest_of_a_run(name: str) -> bool:
    """Tell whether the collector's job makes a file of this name while it works."""
    return REST.fullmatch(name) is not None


def day_files(host: str, files: Mapping[str, int | None]) -> list[DayFile]:
    """Return the files of days in a host's folder, in the order in which they were begun.

    Args:
        host: whose folder it is.
        files: name to size in bytes of what lies there; None is no file.
    """
    sized = ((name, size) for name, size in files.items() if size is not None)
    return sorted(file for name, size in sized if (file := day_file(host, name, size)) is not None)


def side_by_side(files: list[DayFile]) -> set[date]:
    """Return the days of which an open file and a closed one are there."""
    return {file.day for file in files if file.is_open} & {
        file.day for file in files if not file.is_open
    }


def that_count(files: list[DayFile], chain: Chain | None) -> list[DayFile]:
    """Return the files to be read, by the rules above.

    Args:
        files: those of one host.
        chain: the host's; None in a copy that has none. That it is sound is not asked.
    """
    doubled = side_by_side(files)
    if chain is None or not doubled:
        return files
    known = {entry.file: entry for entry in chain.closed()}
    there = {file.name for file in files}
    found = []
    for file in files:
        if file.day not in doubled or (not file.is_open and file.name in known):
            found.append(file)
        elif file.is_open:
            last = [e for e in known.values() if e.day == file.day and e.file in there][-1:]
            found.append(DayFile(file.host, file.day, True, file.part, file.name, file.size, *last))
    return found


def rest_of(file: DayFile, stream: Readable) -> tuple[Readable, bool]:
    """Return what of a file counts, and whether its beginning is in a closed one already.

    Args:
        file: one that counts.
        stream: its content, from the beginning.
    """
    entry = file.source_of
    if entry is None or file.size < entry.content["content_size"]:
        return stream, False
    digest, left = hashlib.sha256(), int(entry.content["content_size"])
    kept: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - gone when nobody reads it
    while left and (piece := stream.read(min(left, BLOCK))):
        digest.update(piece)
        kept.write(piece)
        left -= len(piece)
    if digest.hexdigest() == entry.content["content_sha256"]:
        kept.close()
        return stream, True
    kept.seek(0)
    return _OneAfterTheOther(kept, stream), False


class _OneAfterTheOther:
    """Two streams as one."""

    def __init__(self, *streams: Readable) -> None:
        self._streams = list(streams)

    def read(self, size: int = -1, /) -> bytes:
        """Return up to so many bytes."""
        while self._streams:
            if piece := self._streams[0].read(size):
                return piece
            self._streams.pop(0)
        return b""
