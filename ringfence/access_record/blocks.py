"""The lines of a file of the archive, a thousand at a time."""

from collections.abc import Iterable, Iterator

import zstandard

from ringfence.archive.days import DayFile, Readable
from ringfence.errors import RingfenceError

BLOCK = 2_097_152
"""Bytes that are looked at in one go; records of one event lie next to each other, or nearly."""
PIECE = 1_048_576
SLICE = 4_096
"""Bytes that are decompressed in one go: made by malice, they become 128 MB, and no more."""
LARGEST_WINDOW = 1 << 27
"""Bytes that zstd may look back: what zstd(1) takes without being told."""


class DamagedError(RingfenceError):
    """A file of the archive can't be read to its end; the sentence names it."""


def lines(file: DayFile, stream: Readable) -> Iterator[bytes]:
    """Yield the lines of a file in blocks, each of whole lines.

    What stands after the last end of a line is being written; or it was when the collector stopped,
    before it had acknowledged the line, which then came again.

    Raises DamagedError when the file can't be decompressed.
    """
    pieces = iter(lambda: stream.read(PIECE), b"")
    rest = bytearray()
    for piece in pieces if file.is_open else _decompressed(pieces, file):
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
