"""The chain of one host's folder: an entry a line, each naming the digest of the one before."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from ringfence.archive.findings import Kind
from ringfence.archive.keys import Keys, signed_by

SHA256 = re.compile(r"[0-9a-f]{64}")
SIGNATURE = re.compile(r"[0-9a-f]{128}")
FILE = re.compile(r"(\d{4}-\d\d-\d\d)(?:\.(?:0|[1-9]\d*))?\.jsonl\.zst")
MOMENT = "%Y-%m-%dT%H:%M:%SZ"
COMMON = {"at", "host", "key", "kind", "number", "previous", "signature", "day"}
OF_KIND = {
    "begun": set[str](),
    "empty": set[str](),
    "closed": {"file", "size", "sha256", "records", "content_size", "content_sha256"},
    "pruned": {"prunes", "file", "sha256", "retention_days"},
}
PROMISE = "retention_days"
"""For how many days a closed file is promised to be kept; older entries promise nothing."""
LEAST_RETENTION = 400
"""Days; less than this no site may keep (policy, section `logging`)."""
COUNTS = ("number", "size", "records", "content_size", "prunes", "retention_days")


@dataclass(frozen=True)
class Entry:
    """One line of a chain that has the right form; its signature and its place are judged apart."""

    number: int
    kind: str
    day: date
    at: datetime
    line_sha256: str
    content: dict[str, Any]

    @property
    def previous(self) -> str | None:
        """SHA-256 (hex) of the line before; None for the first."""
        value: str | None = self.content["previous"]
        return value

    @property
    def file(self) -> str:
        """The name of the file that was closed, or removed."""
        return str(self.content["file"])

    @property
    def promised(self) -> int | None:
        """The days for which the file was promised to be kept when it was closed."""
        value: int | None = self.content.get(PROMISE)
        return value


@dataclass(frozen=True)
class Fault:
    """What is wrong with a line: its number from 1 on."""

    line: int
    kind: Kind
    text: str


def canonical(content: dict[str, Any]) -> bytes:
    """Return the only form in which an entry may be written: sorted keys, no spaces, ASCII."""
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def parse(line: bytes) -> Entry | None:
    """Read a line; None if it is no entry in its one canonical form."""
    try:
        content = json.loads(line)
        if not isinstance(content, dict) or canonical(content) != line:
            return None
        wanted = COMMON | OF_KIND[content["kind"]]
        named = set(content) - {PROMISE} if content["kind"] == "closed" else set(content)
        if named != wanted or not _well_formed(content):
            return None
        return Entry(
            content["number"],
            content["kind"],
            date.fromisoformat(content["day"]),
            datetime.strptime(content["at"], MOMENT).replace(tzinfo=UTC),
            hashlib.sha256(line).hexdigest(),
            content,
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _well_formed(content: dict[str, Any]) -> bool:
    counts = [content[name] for name in COUNTS if name in content]
    digests = [content[name] for name in ("key", "sha256", "content_sha256") if name in content]
    if content["previous"] is not None:
        digests.append(content["previous"])
    named = FILE.fullmatch(content["file"]) if "file" in content else None
    return (
        all(type(count) is int and count >= 0 for count in counts)
        and all(SHA256.fullmatch(digest) for digest in digests)
        and SIGNATURE.fullmatch(content["signature"]) is not None
        and ("file" not in content or (named is not None and named[1] == content["day"]))
    )


class Chain:
    """A chain as it was read: its entries in the order of the lines, and what is wrong with it."""

    def __init__(self, host: str, text: bytes, keys: Keys) -> None:
        """Read and judge a chain.

        Args:
            host: whose folder it lies in.
            text: the whole file (half a kilobyte a day).
            keys: the public keys that may have signed it.
        """
        self.host = host
        self.entries: list[Entry] = []
        self.faults: list[Fault] = []
        self._closed: dict[int, Entry] = {}
        self._highest = -1
        *lines, rest = text.split(b"\n")
        if rest or not lines:
            what = "the last entry has no end" if rest else "it is empty"
            self.faults.append(Fault(len(lines) + 1, Kind.TRUNCATED, what))
        before: Entry | None = None
        for number, line in enumerate(lines, 1):
            entry = parse(line)
            if entry is None:
                self.faults.append(
                    Fault(number, Kind.ALTERED, "it is no entry as they are written")
                )
                continue
            self.faults += [Fault(number, *fault) for fault in self._judge(entry, keys)]
            self.faults += [Fault(number, *fault) for fault in self._place(entry, before)]
            self.entries.append(entry)
            self._highest = max(self._highest, entry.number)
            if entry.kind == "closed":
                self._closed[entry.number] = entry
            before = entry

    @property
    def head(self) -> Entry | None:
        """The last entry."""
        return self.entries[-1] if self.entries else None

    def closed(self) -> list[Entry]:
        """Return the entries of closed files that are still kept."""
        pruned = {e.content["prunes"] for e in self.entries if e.kind == "pruned"}
        return [e for e in self.entries if e.kind == "closed" and e.number not in pruned]

    def closed_before(self, pruned: Entry) -> Entry | None:
        """Return the entry of the file that another says was removed."""
        return self._closed.get(pruned.content["prunes"])

    def _judge(self, entry: Entry, keys: Keys) -> Iterator[tuple[Kind, str]]:
        """Judge an entry by itself: whose it is, and who signed it."""
        if entry.content["host"] != self.host:
            yield Kind.REPLACED, f"it is an entry of {entry.content['host']!r}"
        key = keys.get(entry.content["key"])
        if key is None:
            name = entry.content["key"][:16]
            yield Kind.REPLACED, f"it is signed with a key that is not the collector's ({name}…)"
            return
        body = {name: value for name, value in entry.content.items() if name != "signature"}
        if not signed_by(key, entry.content["signature"], canonical(body)):
            yield Kind.ALTERED, "it isn't what the collector signed"

    def _place(self, entry: Entry, before: Entry | None) -> Iterator[tuple[Kind, str]]:
        """Judge an entry by the one before it."""
        expected = before.number + 1 if before else 0
        if entry.number <= self._highest:
            yield Kind.REORDERED, f"entry {entry.number} stands after entry {self._highest}"
        elif entry.number > expected:
            missing = (
                f"{expected}"
                if entry.number == expected + 1
                else f"{expected} to {entry.number - 1}"
            )
            kind = Kind.REMOVED if before else Kind.TRUNCATED
            yield kind, f"before it, entry {missing} is not there"
        elif entry.previous != (before.line_sha256 if before else None):
            yield Kind.REPLACED, "the entry before it is not the one that it names"
        if before and entry.at < before.at:
            yield (
                Kind.BACK_DATED,
                f"it is of {entry.at:{MOMENT}}, the one before of {before.at:{MOMENT}}",
            )
        if entry.kind != "begun" and entry.at.date() <= entry.day:
            yield Kind.BACK_DATED, f"it is of {entry.at:{MOMENT}}, before its day was over"
        if (entry.kind == "begun") != (entry.number == 0):
            yield Kind.ALTERED, "a chain begins once, with its first entry"
        yield from self._retention(entry)

    def _retention(self, entry: Entry) -> Iterator[tuple[Kind, str]]:
        if entry.kind != "pruned":
            return
        closed = self.closed_before(entry)
        named = (entry.file, entry.content["sha256"])
        if closed is None or (closed.file, closed.content["sha256"]) != named:
            yield Kind.ALTERED, f"it names no file that was closed: {entry.file}"


def days_kept(pruned: Entry) -> int:
    """Return for how many whole days after its own a file was kept that was removed."""
    return (pruned.at.date() - pruned.day).days - 1


def days_due(pruned: Entry, closed: Entry | None, asked: int) -> int:
    """Return for how many days a file had to be kept that was removed.

    What was promised when it was closed counts, whatever the site asks for since. Where nothing was
    promised, or less than any site may keep, what it asks for today does.

    Args:
        pruned: the entry that says that it was removed.
        closed: the one by which it was closed; None if there is none.
        asked: days for which the site asks today.
    """
    promised = (closed.promised if closed else None) or 0
    least = promised if promised >= LEAST_RETENTION else max(promised, asked)
    return max(least, int(pruned.content["retention_days"]))


def days_without_entry(entries: list[Entry]) -> Iterator[tuple[date, date]]:
    """Yield the first and last of days that have no entry, though a later one has."""
    begun = [entry.day for entry in entries if entry.kind == "begun"]
    known = sorted({entry.day for entry in entries if entry.kind in ("closed", "empty")})
    expected = min(begun) if begun else (known[0] if known else date.max)
    for day in known:
        if day > expected:
            yield expected, date.fromordinal(day.toordinal() - 1)
        expected = max(expected, date.fromordinal(day.toordinal() + 1))
