"""Which lines of an archive are worth parsing: found on bytes, a thousand lines at a time.

Parsing a line costs ten times what reading it does. A question names bytes that every event it asks
for must hold in one of its records (a part of a file's name, a person's name). The events of the
records with those bytes are then taken whole, from the block of lines around them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

RECORD = re.compile(
    rb"type=(?:SYSCALL|CWD|PATH|OPENAT2) msg=audit\(([0-9]{1,11}\.[0-9]{3}:[0-9]{1,10})\)"
)
"""What every message with a record that matters has in it, with the event's id."""


@dataclass(frozen=True)
class Sieve:
    """What an event must have in one of its records' lines to be taken."""

    texts: tuple[bytes, ...] = ()
    """One of these."""
    patterns: tuple[re.Pattern[bytes], ...] = ()
    """Or a match of one of these."""
    lacking: tuple[tuple[bytes, bytes], ...] = ()
    """Or the first of a pair without the second."""
    events: frozenset[bytes] = frozenset()
    """Or to have one of these ids."""

    def hits(self, block: bytes) -> set[bytes]:
        """Return the ids of the events of which a line of the block is one that is looked for."""
        found: set[bytes] = set()
        for text in self.texts:
            found.update(_ids(block, _lines_with(block, text)))
        for text, missing in self.lacking:
            lines = _lines_with(block, text)
            found.update(_ids(block, (at for at in lines if block.find(missing, *at) < 0)))
        for pattern in self.patterns:
            found.update(_ids(block, _lines_of(block, pattern)))
        if self.events:
            found.update(self.events)
        return found


def chosen(blocks: Iterable[bytes], sieve: Sieve) -> Iterator[bytes]:
    """Yield the lines of all events that a sieve takes.

    A line is found when it is in the block of the one that is looked for, or in the one before or
    after it.

    Args:
        blocks: whole lines each, every line with its end.
        sieve: what is looked for.
    """
    block, before, here = b"", set[bytes](), set[bytes]()
    for following in chain(blocks, (b"",)):
        after = sieve.hits(following) if following else set[bytes]()
        if block and (wanted := before | here | after):
            yield from _lines_of_events(block, wanted)
        block, before, here = following, here, after


def _lines_of_events(block: bytes, wanted: set[bytes]) -> Iterator[bytes]:
    last = -1
    for record in RECORD.finditer(block):
        if record[1] in wanted and record.start() > last:
            start = block.rfind(b"\n", 0, record.start()) + 1
            last = block.find(b"\n", record.end())
            yield block[start:last]


def _lines_with(block: bytes, text: bytes) -> Iterator[tuple[int, int]]:
    at = block.find(text)
    while at >= 0:
        end = block.find(b"\n", at)
        yield block.rfind(b"\n", 0, at) + 1, end
        at = block.find(text, end)


def _lines_of(block: bytes, pattern: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(block):
        yield block.rfind(b"\n", 0, match.start()) + 1, block.find(b"\n", match.end())


def _ids(block: bytes, lines: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    for start, end in lines:
        record = RECORD.search(block, start, end)
        if record is not None:
            yield record[1]
