"""Heads of chains that another host keeps: whoever rewrites a chain can't rewrite them as well."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from ringfence.archive.chain import MOMENT, SHA256, Chain
from ringfence.archive.findings import Kind, Reading
from ringfence.errors import ToolError

FIELDS = ("anchored", "host", "number", "sha256")
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


def compare(anchors: Iterable[Anchor], chains: dict[str, Chain], reading: Reading) -> None:
    """Take down every anchored head that the archive does not have."""
    reading.anchored = 0
    counting: dict[str, list[Anchor]] = {}
    for anchor in anchors:
        if anchor.number == BEGUN_AGAIN:
            counting[anchor.host] = []
            reading.notes.append(f"{anchor.host}: its chain begins again on {anchor.anchored}")
        else:
            counting.setdefault(anchor.host, []).append(anchor)
    known = {
        (host, entry.number): entry.line_sha256
        for host, chain in chains.items()
        for entry in chain.entries
    }
    rewritten: set[str] = set()
    for anchor in (one for heads in counting.values() for one in heads):
        reading.anchored += 1
        found = known.get((anchor.host, anchor.number))
        if found == anchor.sha256 or anchor.host in rewritten:
            continue
        rewritten.add(anchor.host)
        about = f"entry {anchor.number}, which was anchored on {anchor.anchored},"
        if anchor.host not in chains:
            reading.add(anchor.host, "", Kind.REMOVED, f"{about} is gone with its whole folder")
        elif found is None:
            reading.add(anchor.host, "chain.jsonl", Kind.TRUNCATED, f"{about} is not there")
        else:
            text = f"{about} is another one: the chain was written anew since"
            reading.add(anchor.host, "chain.jsonl", Kind.REPLACED, text)


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
