"""The collector's archive: one file a host and day of reception, the open one plain, closed ones
compressed (zstd), and more of a day for what came after it was closed. The days are the index: a
question reads the files of its days, and no others."""

import re
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import zstandard

from ringfence.errors import RingfenceError, UsageError

NAME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\.([1-9][0-9]{0,3}))?\.jsonl(\.zst)?")
HOST = re.compile(r"[a-z0-9][a-z0-9.-]{0,252}")
BLOCK = 2_097_152
"""Bytes that are looked at in one go; records of one event lie next to each other, or nearly."""
PIECE = 1_048_576
SLICE = 4_096
"""Bytes that are decompressed in one go: made by malice, they become 128 MB, and no more."""
LARGEST_WINDOW = 1 << 27
"""Bytes that zstd may look back: what zstd(1) takes without being told."""


class DamagedError(RingfenceError):
    """A file of the archive can't be read to its end; the sentence names it."""


@dataclass(frozen=True, order=True)
class DayFile:
    """What one host sent in one day, by UTC's date of reception."""

    host: str
    day: date
    part: int
    """0, or a higher number for what came after the day was closed."""
    name: str
    """Of the file, inside the host's folder."""
    size: int
    """Bytes, as it lies there."""

    @property
    def is_closed(self) -> bool:
        """Whether it is closed, and compressed."""
        return self.name.endswith(".zst")


class Archive(ABC):
    """Where the files of days are."""

    @abstractmethod
    def listing(self) -> list[DayFile]:
        """Return every file of a day, by host and day. Raises RingfenceError."""

    @abstractmethod
    def pieces(self, file: DayFile) -> Generator[bytes, None, None]:
        """Yield a file as it lies there, piece by piece. Raises RingfenceError.

        Who stops before its end closes the generator, before the next file is read.
        """

    def close(self) -> None:  # noqa: B027 - most have nothing to close
        """End what reading began."""


class Folder(Archive):
    """An archive in a folder of this computer: HOST/YYYY-MM-DD.jsonl(.zst)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def listing(self) -> list[DayFile]:
        """Return every file of a day. Raises UsageError when there is no such folder."""
        if not self.path.is_dir():
            raise UsageError(f"{self.path} is no folder; an archive has one for each host in it")
        found = (
            day_file(path.parent.name, path.name, path.stat().st_size)
            for path in self.path.glob("*/*.jsonl*")
        )
        return each_once(file for file in found if file is not None)

    def pieces(self, file: DayFile) -> Generator[bytes, None, None]:
        """Yield a file as it lies there."""
        with (self.path / file.host / file.name).open("rb") as stream:
            while piece := stream.read(PIECE):
                yield piece


def day_file(host: str, name: str, size: int) -> DayFile | None:
    """Return the file of a day that a name stands for; None when it is another file."""
    known = NAME.fullmatch(name)
    if known is None or not HOST.fullmatch(host):
        return None
    try:
        return DayFile(host, date.fromisoformat(known[1]), int(known[2] or 0), name, size)
    except ValueError:
        return None


def each_once(files: Iterable[DayFile]) -> list[DayFile]:
    """Return the files in order; of one that is just being closed, the one that is open."""
    found: dict[tuple[str, date, int], DayFile] = {}
    for file in sorted(files, key=lambda file: file.is_closed):
        found.setdefault((file.host, file.day, file.part), file)
    return sorted(found.values())


def lines(archive: Archive, file: DayFile) -> Iterator[bytes]:
    """Yield the lines of a file in blocks, each of whole lines.

    What stands after the last end of a line is being written; or it was when the collector stopped,
    before it had acknowledged the line, which then came again.

    Raises DamagedError when the file can't be decompressed.
    """
    pieces = archive.pieces(file)
    rest = bytearray()
    for piece in _decompressed(pieces, file) if file.is_closed else pieces:
        rest += piece
        if len(rest) >= BLOCK and (end := rest.rfind(b"\n") + 1):
            yield bytes(rest[:end])
            del rest[:end]
    end = rest.rfind(b"\n") + 1
    if end:
        yield bytes(rest[:end])


def _decompressed(pieces: Iterable[bytes], file: DayFile) -> Iterator[bytes]:
    """Raises DamagedError when the pieces are not whole frames of zstd (RFC 8878)."""
    plain = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW)
    frame, is_begun = plain.decompressobj(), False
    try:
        for rest in (
            piece[at : at + SLICE] for piece in pieces for at in range(0, len(piece), SLICE)
        ):
            while rest:
                yield frame.decompress(rest)
                rest, is_begun = frame.unused_data, True
                if frame.eof:
                    frame, is_begun = plain.decompressobj(), False
    except zstandard.ZstdError as error:
        raise DamagedError(f"{file.host}/{file.name} is damaged: {error}") from None
    if is_begun or not file.size:
        raise DamagedError(f"{file.host}/{file.name} is damaged: it ends too early")
