"""Read a whole archive again, and name everything that isn't as its chain says."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from ringfence.archive.anchors import Anchor, SeenHead, compare, tell_late
from ringfence.archive.chain import (
    FILE,
    LEAST_RETENTION,
    Chain,
    Entry,
    days_due,
    days_kept,
    days_without_entry,
)
from ringfence.archive.days import day_file, day_files, rest_of, rest_of_a_run, that_count
from ringfence.archive.findings import HostReading, Kind, Reading
from ringfence.archive.keys import Keys
from ringfence.archive.records import Content, read_closed, read_open
from ringfence.archive.sequences import Sequence
from ringfence.archive.sources import CHAIN, Source
from ringfence.steps import Say, nobody

GRACE = timedelta(hours=4)
"""How long after midnight (UTC) the day before may still be open."""
MOST_GAPS = 20
"""How many gaps of a host are told one by one."""
ARCHIVE = "archive"
"""Of what steps are told that are of no single host."""


@dataclass(frozen=True)
class Demands:
    """What is demanded of an archive beside being whole."""

    keys: Keys
    anchors: list[Anchor] | None = None
    seen: list[SeenHead] | None = None
    """heads that verifications saw"""
    hosts: tuple[str, ...] = ()
    """the hosts that must be in it"""
    now: datetime | None = None
    """judge too whether it goes on until now, as its heads do; None for a copy, of whatever age"""
    since: date | None = None
    """read the content of files from this day on; chains are read from their beginning always"""
    retention: dict[str, int] = field(default_factory=dict)
    """days for which files must be kept, by host"""
    others: int = LEAST_RETENTION
    """days for which files of hosts must be kept that `retention` doesn't name"""


def verify_archive(source: Source, demands: Demands, say: Say = nobody) -> Reading:
    """Read an archive. Memory does not grow with it but by the chains, half a kilobyte a day.

    `say` is told each file before it is read, and how much of its host's is.
    """
    reading = Reading()
    chains = read_chains(
        source, demands.keys, reading, lambda step, share: say(ARCHIVE, step, share)
    )
    say(ARCHIVE, "chains read", 1.0)
    compare(demands.anchors, chains, reading, demands.seen)
    if demands.anchors is not None and demands.now is not None:
        tell_late(demands.anchors, chains, reading, demands.now)
    for host in demands.hosts:
        if host not in chains:
            reading.add(host, "", Kind.MISSING, "nothing of this host is in the archive")
    known = {
        entry.content["sha256"]: f"{host}/{entry.file}"
        for host, chain in chains.items()
        for entry in chain.entries
        if entry.kind == "closed"
    }
    for host, chain in chains.items():
        reading.hosts.append(_HostVerifier(source, chain, demands, reading, known, say).run())
        say(host, "read", 1.0)
    reading.findings.sort()
    return reading


def read_chains(
    source: Source,
    keys: Keys,
    reading: Reading,
    tell: Callable[[str, float], None] = lambda _step, _share: None,
) -> dict[str, Chain]:
    """Read every chain, and take down what is wrong with it.

    `tell` hears of each before it is read, and how many of them are.
    """
    chains: dict[str, Chain] = {}
    hosts = source.hosts()
    for host in hosts:
        tell(f"chain of {host}", len(chains) / len(hosts))
        text = source.chain(host)
        chains[host] = Chain(host, text or b"", keys)
        if text is None:
            reading.add(host, CHAIN, Kind.REMOVED, "there is no chain")
            continue
        for fault in chains[host].faults:
            reading.add(host, f"{CHAIN}:{fault.line}", fault.kind, fault.text)
        for first, last in days_without_entry(chains[host].entries):
            days = f"{first}" if first == last else f"{first} to {last}"
            reading.add(host, CHAIN, Kind.MISSING, f"no entry for {days}")
    return chains


class _HostVerifier:
    """Judges the files of one host by its chain."""

    def __init__(
        self,
        source: Source,
        chain: Chain,
        demands: Demands,
        reading: Reading,
        known: dict[str, str],
        say: Say,
    ) -> None:
        self.source, self.chain, self.demands, self.say = source, chain, demands, say
        self.host, self.reading, self.known = chain.host, reading, known
        self.sequence = Sequence()
        self.about = HostReading(self.host)

    def run(self) -> HostReading:
        entries = self.chain.entries
        about = self.about
        about.entries = len(entries)
        about.pruned = sum(entry.kind == "pruned" for entry in entries)
        about.empty_days = sum(entry.kind == "empty" for entry in entries)
        days = [entry.day for entry in entries if entry.kind in ("closed", "empty")]
        if days:
            about.first_day, about.last_day = str(min(days)), str(max(days))
        if self.chain.head:
            about.head = self.chain.head.line_sha256
        self._judge_age(max(days, default=None))
        self._judge_pruned()
        files = self.source.files(self.host)
        expected = {entry.file: entry for entry in self.chain.closed()}
        self._judge_names(files, expected, max(days, default=None))
        self._read(files, list(expected.values()), max(days, default=None))
        self._tell_sequence()
        return about

    def _add(self, place: str, kind: Kind, text: str) -> None:
        self.reading.add(self.host, place, kind, text)

    def _judge_age(self, last: date | None) -> None:
        now = self.demands.now
        if now is None:
            return
        due = (now.astimezone(UTC) - GRACE).date() - timedelta(days=1)
        begun = [entry.day for entry in self.chain.entries if entry.kind == "begun"]
        if (last or date.min) < due and not (begun and begun[0] > due):
            self._add(CHAIN, Kind.MISSING, f"the last day with an entry is {last}, {due} is over")
        for entry in self.chain.entries:
            if entry.at > now + timedelta(minutes=5):
                self._add(CHAIN, Kind.BACK_DATED, f"entry {entry.number} is of {entry.at}, to come")
                break

    def _judge_pruned(self) -> None:
        asked = self.demands.retention.get(self.host, self.demands.others)
        as_promised = 0
        for entry in self.chain.entries:
            if entry.kind != "pruned":
                continue
            kept, due = days_kept(entry), days_due(entry, self.chain.closed_before(entry), asked)
            if kept < due:
                text = f"it was removed after {kept} days, and had to be kept for {due}"
                self._add(entry.file, Kind.REMOVED, text)
            as_promised += due <= kept < asked
        if as_promised:
            text = f"{as_promised} files went when their time was over, as promised"
            self.about.notes.append(f"{text}; today {asked} days are asked for")

    def _judge_names(
        self, files: dict[str, int | None], expected: dict[str, Entry], last: date | None
    ) -> None:
        known = {entry.file for entry in self.chain.entries if entry.kind == "closed"}
        for name in sorted(files):
            if name == CHAIN or (name in known and files[name] is not None):
                if name in known and name not in expected:
                    self.about.notes.append(f"{name}: past its retention, and about to be removed")
                continue
            file = day_file(self.host, name, 0)
            day = file.day if file is not None and file.is_open else None
            if files[name] is not None and rest_of_a_run(name):
                self.about.notes.append(f"{name}: the collector is at work, or was interrupted")
            elif files[name] is None:
                self._add(name, Kind.ADDED, "it is no file")
            elif day is None:
                closing = FILE.fullmatch(name) and f"{name[:10]}.jsonl" in files
                if closing and (last is None or name[:10] > str(last)):
                    self.about.notes.append(f"{name}: the collector is about to close it")
                else:
                    self._add(name, Kind.ADDED, "the chain does not know it")
            elif last is None or day > last:
                self.about.notes.append(
                    f"{name}: still open, so nothing protects it but attributes"
                )

    def _read(self, files: dict[str, int | None], expected: list[Entry], last: date | None) -> None:
        entries = {entry.file: entry for entry in expected}
        since = self.demands.since
        wanted = []
        for entry in expected:
            if files.get(entry.file) is None:
                self._add(
                    entry.file, Kind.REMOVED, f"entry {entry.number} knows it, it is not there"
                )
            elif since is None or entry.day >= since:
                wanted.append(entry.file)
        there = that_count(day_files(self.host, files), self.chain)
        opened = {file.name: file for file in there if file.is_open}
        sizes = {name: files[name] or 0 for name in (*wanted, *opened)}
        whole, size = sum(sizes.values()), 0
        for name, stream in self.source.read(self.host, list(sizes)):
            self.say(self.host, name, size / whole if whole else 0.0)
            size += sizes[name]
            if name in entries:
                entry = entries[name]
                day = str(entry.day)
                found = read_closed(stream, self.host, day, self.sequence, name)
                self._compare(entry, found)
                wanted.remove(name)
            else:
                rest, is_source = rest_of(opened[name], stream)
                found = read_open(rest, self.host, name[:10], self.sequence, name)
                self._tell_odd(name, found.odd)
                self._tell_late(name, last, is_source, found)
            if found.torn:
                text = f"{name}: {found.torn} lines were never written to their end"
                self.about.notes.append(f"{text}; their records come again")
            self.about.files += 1
            self.about.records += found.records
            self.about.content_bytes += found.content_size
        for name in wanted:
            self._add(name, Kind.REMOVED, "it vanished while it was to be read")

    def _compare(self, entry: Entry, found: Content) -> None:
        said = entry.content
        if found.sha256 != said["sha256"]:
            other = self.known.get(found.sha256)
            if other:
                self._add(entry.file, Kind.REPLACED, f"it is {other}")
            elif found.size < said["size"]:
                text = f"it has {found.size} bytes of {said['size']}"
                self._add(entry.file, Kind.TRUNCATED, text)
            else:
                self._add(entry.file, Kind.ALTERED, f"its SHA-256 is {found.sha256}")
            return
        if found.unreadable:
            self._add(entry.file, Kind.ALTERED, f"it can't be decompressed: {found.unreadable}")
            return
        for name in ("size", "content_size", "content_sha256", "records"):
            if getattr(found, name) != said[name]:
                text = (
                    f"its {name} is {getattr(found, name)}, entry {entry.number} says {said[name]}"
                )
                self._add(entry.file, Kind.ALTERED, text)
        self._tell_odd(entry.file, found.odd)

    def _tell_late(self, name: str, last: date | None, is_source: bool, found: Content) -> None:
        """Tell what an open file is that lies there after its day was closed."""
        if is_source:
            text = f"{name}: its day is closed; the collector was interrupted before it removed it"
            self.about.notes.append(text)
        if last is not None and name[:10] <= str(last) and (found.records or not is_source):
            text = "its day was closed already: it came late, or somebody put it there"
            self._add(name, Kind.ADDED, text)

    def _tell_odd(self, place: str, odd: dict[str, int]) -> None:
        for what, line in odd.items():
            kind = Kind.BACK_DATED if "day" in what else Kind.ALTERED
            self._add(place, kind, f"{what}, the first in line {line}")

    def _tell_sequence(self) -> None:
        sequence = self.sequence
        self.about.duplicates = sequence.duplicates
        for place in sequence.restarts:
            self.about.notes.append(f"{place}: the host's messages are counted from 1 again")
        for unused in sequence.unused:
            self.about.notes.append(
                f"{unused.place}: the host never used the numbers {unused}: it stopped suddenly"
            )
        gaps = sequence.gaps
        for gap in gaps[:MOST_GAPS]:
            text = f"before it, messages {gap} ({len(gap)}) are not there"
            self._add(gap.place, Kind.GAP, text)
        if len(gaps) > MOST_GAPS or sequence.overflowed:
            more = "at least " if sequence.overflowed else ""
            left = len(gaps) - MOST_GAPS
            self._add(CHAIN, Kind.GAP, f"{more}{left} more ranges of messages are not there")
