"""What a file of records holds: read as a stream, so that its size doesn't matter."""

import hashlib
import io
import json
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import zstandard

from ringfence.archive.days import Readable
from ringfence.archive.sequences import TELLER, UNUSED, Sequence

LONGEST_RECORD = 1 << 20  # bytes; rsyslog's largest message is far below
BLOCK = 1 << 18
LARGEST_WINDOW = 1 << 27  # bytes; what `zstd -d` takes without being told
FIELDS = (
    "received",
    "sent",
    "host",
    "sequence",
    "facility",
    "severity",
    "program",
    "pid",
    "message",
)
"""The fields of a record, in their order."""

BEGINNING = b'{"received":"'
TORN = "torn"
UNKNOWN = "_"
"""How the folder of senders begins that are no hosts of the site."""


class Hashing(io.RawIOBase):
    """Passes a stream on and takes its digest and size."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer (io.RawIOBase)."""
        data = self._stream.read(len(buffer))
        self._digest.update(data)
        self.size += len(data)
        buffer[: len(data)] = data
        return len(data)

    def drain(self) -> None:
        """Read what is left, for its digest."""
        while self.read(BLOCK):
            pass

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) of what was read."""
        return self._digest.hexdigest()


@dataclass
class Content:
    """What a file turned out to be. Digests are SHA-256 (hex), sizes bytes."""

    size: int = 0
    sha256: str = ""
    content_size: int = 0
    content_sha256: str = ""
    records: int = 0
    odd: dict[str, int] = field(default_factory=dict)
    """what is wrong with records: a phrase, and the first line (from 1) of which it is true"""
    torn: int = 0
    """lines that the receiver did not write to their end, and whose records came again"""
    unreadable: str = ""


def read_closed(stream: Readable, host: str, day: str, sequence: Sequence, place: str) -> Content:
    """Read a closed file to its end; its records' numbers go into `sequence`."""
    outer = Hashing(stream)
    plain = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW)
    compressed: Any = outer
    found = Content()
    try:
        with plain.stream_reader(
            compressed, read_size=BLOCK, read_across_frames=True, closefd=False
        ) as raw:
            _read_records(raw, host, day, sequence, place, found)
    except zstandard.ZstdError as error:
        found.unreadable = str(error)
    outer.drain()
    found.size, found.sha256 = outer.size, outer.sha256
    return found


def read_open(stream: Readable, host: str, day: str, sequence: Sequence, place: str) -> Content:
    """Read the file of a day that isn't over."""
    found = Content()
    _read_records(stream, host, day, sequence, place, found)
    found.size, found.sha256 = found.content_size, found.content_sha256
    return found


def _read_records(
    stream: Any, host: str, day: str, sequence: Sequence, place: str, found: Content
) -> None:
    inner = Hashing(stream)
    lines: BinaryIO = io.BufferedReader(inner, BLOCK)
    try:
        while line := lines.readline(LONGEST_RECORD):
            found.records += 1
            wrong = _judge(line, host, day, sequence, place)
            if wrong == TORN:
                found.torn += 1
            elif wrong:
                found.odd.setdefault(wrong, found.records)
    finally:
        found.content_size, found.content_sha256 = inner.size, inner.sha256


def _judge(line: bytes, host: str, day: str, sequence: Sequence, place: str) -> str:
    """Return what is wrong with a record, in a few words; an empty text if nothing."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        begun = BEGINNING.startswith(line.rstrip(b"\n")) or line.startswith(BEGINNING)
        return TORN if begun and not line.endswith(b"}\n") else "records of another form"
    if not isinstance(record, dict) or tuple(record) != FIELDS:
        return "records of another form"
    if type(record["sequence"]) is not int:
        return "records without a sequence number"
    if not host.startswith(UNKNOWN):
        if record["host"] != host:
            return "records of another host"
        sequence.see(record["sequence"], place)
        if record["program"] == TELLER and (unused := UNUSED.search(str(record["message"]))):
            sequence.never_used(int(unused[1]), int(unused[2]))
    received = record["received"]
    if not isinstance(received, str) or received[:11] != f"{day}T" or received[-1:] != "Z":
        return "records received on another day"
    return ""
