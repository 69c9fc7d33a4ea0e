"""What a reading of an archive finds."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What is wrong with a file, an entry or a run of records."""

    ALTERED = "altered"
    REMOVED = "removed"
    TRUNCATED = "truncated"
    REORDERED = "reordered"
    REPLACED = "replaced"
    BACK_DATED = "back-dated"
    ADDED = "added"
    MISSING = "missing"
    """a day, a host or a folder of which nothing is there and nothing ever was"""
    GAP = "gap"
    """records that were never received, or that somebody took out before the file was closed"""


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong: on whose folder, in which file or entry, and what was seen."""

    host: str
    place: str
    kind: Kind
    text: str

    def __str__(self) -> str:
        return f"{self.host}/{self.place}: {self.kind}: {self.text}"


@dataclass
class HostReading:
    """What was read of one host's folder."""

    host: str
    entries: int = 0
    files: int = 0
    records: int = 0
    content_bytes: int = 0
    first_day: str = ""
    last_day: str = ""
    head: str = ""
    """SHA-256 (hex) of the last entry's line"""
    pruned: int = 0
    empty_days: int = 0
    duplicates: int = 0
    """records whose sequence number came before: sent again after a connection broke"""
    notes: list[str] = field(default_factory=list)
    """what is no fault, but should be known"""


@dataclass
class Reading:
    """What a whole archive showed. Sound if there are no findings."""

    hosts: list[HostReading] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    anchored: int | None = None
    """how many anchored heads were compared; None without an anchor"""
    seen: int | None = None
    """how many heads that verifications saw were compared; None without their runs"""
    notes: list[str] = field(default_factory=list)
    """what is no fault, but should be known"""

    @property
    def sound(self) -> bool:
        """Whether there was something to read, and nothing is wrong with it."""
        return bool(self.hosts) and not self.findings

    def add(self, host: str, place: str, kind: Kind, text: str) -> None:
        """Take down a finding."""
        self.findings.append(Finding(host, place, kind, text))

    def as_json(self) -> dict[str, Any]:
        """Return the document that ``--json`` prints."""
        return {
            "sound": self.sound,
            "anchored": self.anchored,
            "seen": self.seen,
            "notes": self.notes,
            "hosts": [asdict(host) for host in self.hosts],
            "findings": [{**asdict(one), "kind": one.kind.value} for one in self.findings],
        }
