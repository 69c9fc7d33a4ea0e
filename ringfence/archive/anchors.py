"""Heads of chains that another host keeps: whoever rewrites a chain can't rewrite them as well."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ringfence.archive.chain import MOMENT, SHA256, Chain
from ringfence.archive.findings import Kind, Reading
from ringfence.errors import ToolError

FIELDS = ("anchored", "host", "number", "sha256")
NIGHTS = timedelta(days=2)
"""For how long an entry may wait for its head, or a later one, to be anchored: a missed night."""
BEGUN_AGAIN = -1
"""The number of no entry: from here on the host's folder holds another chain, as people decided."""


@dataclass(frozen=True)
class Anchor:
    """One head: that the entry `number` of a host's chain was the line with this SHA-256."""

    anchored: str
    """when it was written, ISO 8601 in UTC"""
    host: str
    number: int
    sha256: str

    def line(self) -> str:
        """Return it as a line of the anchor's file."""
        content = {name: getattr(self, name) for name in FIELDS}
        return json.dumps(content, separators=(",", ":")) + "\n"

    @property
    def told(self) -> str:
        """How a sentence calls the entry."""
        return f"entry {self.number}, which was anchored on {self.anchored},"


@dataclass(frozen=True)
class SeenHead(Anchor):
    """A head that a verification saw, whose run keeps it."""

    run: str
    """the run's id"""

    @property
    def told(self) -> str:
        """How a sentence calls the entry."""
        return f"entry {self.number}, which the run {self.run} saw,"


def parse_anchors(text: str, where: str) -> list[Anchor]:
    """Read an anchor's file. Raises ToolError for a line that is none: somebody wrote into it."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            content = json.loads(line)
            anchor = Anchor(**content)
            datetime.strptime(anchor.anchored, MOMENT)
            numbered = type(anchor.number) is int and anchor.number >= BEGUN_AGAIN
            good = numbered and SHA256.fullmatch(anchor.sha256) is not None
        except (ValueError, TypeError):
            good = False
        if not good:
            raise ToolError(f"{where}, line {number}: is no anchor: {line[:80]!r}")
        found.append(anchor)
    return found


def compare(
    anchors: Iterable[Anchor] | None,
    chains: dict[str, Chain],
    reading: Reading,
    seen: Iterable[SeenHead] | None = None,
) -> None:
    """Take down every head that was anchored, or seen, and that the archive does not have."""
    counting: dict[str, list[Anchor]] = {}
    begun: dict[str, str] = {}
    for anchor in anchors or ():
        if anchor.number == BEGUN_AGAIN:
            counting[anchor.host] = []
            begun[anchor.host] = anchor.anchored
            reading.notes.append(f"{anchor.host}: its chain begins again on {anchor.anchored}")
        else:
            counting.setdefault(anchor.host, []).append(anchor)
    reading.anchored = None if anchors is None else sum(map(len, counting.values()))
    later = [head for head in seen or () if head.anchored > begun.get(head.host, "")]
    reading.seen = None if seen is None else len(later)
    for head in later:
        counting.setdefault(head.host, []).append(head)
    known = {
        (host, entry.number): entry.line_sha256
        for host, chain in chains.items()
        for entry in chain.entries
    }
    rewritten: set[str] = set()
    for anchor in (one for heads in counting.values() for one in heads):
        found = known.get((anchor.host, anchor.number))
        if found == anchor.sha256 or anchor.host in rewritten:
            continue
        rewritten.add(anchor.host)
        if anchor.host not in chains:
            reading.add(
                anchor.host, "", Kind.REMOVED, f"{anchor.told} is gone with its whole folder"
            )
        elif found is None:
            reading.add(anchor.host, "chain.jsonl", Kind.TRUNCATED, f"{anchor.told} is not there")
        else:
            text = f"{anchor.told} is another one: the chain was written anew since"
            reading.add(anchor.host, "chain.jsonl", Kind.REPLACED, text)


def tell_late(
    anchors: Iterable[Anchor], chains: dict[str, Chain], reading: Reading, now: datetime
) -> None:
    """Take down every chain whose entries wait too long for a head: nobody carries them, or they
    were taken away."""
    last: dict[str, int] = {}
    for anchor in anchors:
        if anchor.number == BEGUN_AGAIN:
            last.pop(anchor.host, None)
        else:
            last[anchor.host] = max(anchor.number, last.get(anchor.host, -1))
    for host, chain in chains.items():
        waiting = [one for one in chain.entries if one.number > last.get(host, -1)]
        if waiting and waiting[0].at < now - NIGHTS:
            text = f"no head is anchored since {waiting[0].day}: run `ringfence logs anchor`"
            reading.add(host, "chain.jsonl", Kind.MISSING, f"{text} each night")


def begun_again(host: str, now: datetime) -> Anchor:
    """Return what lets a host's chain begin again: the heads before it count no more."""
    return Anchor(now.astimezone(UTC).strftime(MOMENT), host, BEGUN_AGAIN, "0" * 64)


def new_anchors(anchors: Iterable[Anchor], chains: dict[str, Chain], now: datetime) -> list[Anchor]:
    """Return the heads that are not anchored yet."""
    last = {anchor.host: anchor for anchor in anchors}
    made = []
    for host, chain in sorted(chains.items()):
        head = chain.head
        if head is not None and (host not in last or last[host].sha256 != head.line_sha256):
            moment = now.astimezone(UTC).strftime(MOMENT)
            made.append(Anchor(moment, host, head.number, head.line_sha256))
    return made
