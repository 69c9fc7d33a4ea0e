"""The answer to a question: accesses as they are found, and what the record lacks."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from ringfence.access_record.accesses import Access, Reader
from ringfence.access_record.blocks import DamagedError, lines
from ringfence.access_record.events import Assembler, Event
from ringfence.access_record.question import Question
from ringfence.access_record.records import Record, parse
from ringfence.access_record.sieve import Sieve, chosen
from ringfence.archive.chain import Chain
from ringfence.archive.days import DayFile, day_files, rest_of, side_by_side, that_count
from ringfence.archive.records import UNKNOWN
from ringfence.archive.sequences import TELLER, UNUSED
from ringfence.archive.sequences import Sequence as Numbers
from ringfence.archive.sources import Source
from ringfence.steps import Say, nobody

PROGRAMS = {"audispd", "audisp-syslog"}
"""The program names of messages that are raw audit records: the plugin sends them under the name of
the daemon that it once was a part of."""
SEQUENCE = re.compile(rb'"sequence": ?([0-9]{1,18})')
UNUSED_LINE = re.compile(
    rb'"program":"%b","pid":"[0-9]*","message":"[^"\\]*%b'
    % (TELLER.encode(), UNUSED.pattern.encode())
)
MOST_NAMED = 5
"""Gaps and days that a sentence names."""


@dataclass
class HostPart:
    """What was read of one host."""

    host: str
    files: list[DayFile] = field(default_factory=list)
    numbers: Numbers = field(default_factory=Numbers)
    incomplete: int = 0
    """Events of which a record is missing."""
    unreadable: int = 0
    """Lines that are no message, or hold no record though they say so."""
    damaged: list[str] = field(default_factory=list)
    missing_days: list[date] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    """Where the archive begins or ends amid the days that are asked about."""


class Answer:
    """Iterate over it for the accesses, host by host, in the order in which they were received.

    When that has ended, `parts` tell what was read, and `doubts` what is missing.
    """

    def __init__(
        self,
        archive: Source,
        question: Question,
        hosts: Sequence[str] | None = None,
        expected: Sequence[str] = (),
        say: Say = nobody,
    ) -> None:
        """Ask.

        Args:
            archive: where the files are.
            question: what is asked.
            hosts: the names of those that are asked about; None means all of the archive.
            expected: hosts that must be in the archive, when all of it is asked about.
            say: told again and again which file is read, and how much of its host's are.
        """
        self.archive, self.question, self.say = archive, question, say
        self.hosts = hosts_asked(archive, hosts, expected)
        self.parts: list[HostPart] = []
        self.absent: list[str] = []
        """Hosts with no file of a day that could hold an answer."""
        self.unnamed: set[str] = set()
        """Numbers of accounts whose name the record doesn't tell, with accesses in the time that is
        asked about: they may be the person's who is asked about."""

    def __iter__(self) -> Iterator[Access]:
        there = frozenset(self.archive.hosts())
        for host in self.hosts:
            part = self._part(host, self._files(host) if host in there else [])
            if not part.files:
                self.absent.append(host)
                self.say(host, "nothing of these days is there", 1.0)
                continue
            self.parts.append(part)
            for access in self._accesses(part):
                if self.question.matches(access):
                    yield access
                else:
                    self._remember_unnamed(access)
            self.say(host, "read", 1.0)

    @property
    def doubts(self) -> list[str]:
        """What makes the record less than whole, one sentence each."""
        found = [f"{host}: nothing of these days is in the archive" for host in self.absent]
        for part in self.parts:
            found += doubts_about(part)
        if self.unnamed:
            numbers = ", ".join(sorted(self.unnamed))
            found.append(
                f"accounts with no recorded name have accesses too ({numbers}): "
                "ask for them with --person NUMBER"
            )
        return found

    def _files(self, host: str) -> list[DayFile]:
        """Return the files of a host's days; where one is there twice, the chain tells which."""
        files = day_files(host, self.archive.files(host))
        text = self.archive.chain(host) if side_by_side(files) else None
        return that_count(files, None if text is None else Chain(host, text, {}))

    def _part(self, host: str, files: list[DayFile]) -> HostPart:
        first, last = self.question.first_day, self.question.last_day
        chosen_files = [
            file
            for file in files
            if (first is None or file.day >= first) and (last is None or file.day <= last)
        ]
        part = HostPart(host, chosen_files)
        if files:
            self._compare_days(part, files[0].day, files[-1].day)
        return part

    def _compare_days(self, part: HostPart, begin: date, end: date) -> None:
        """Note the days that are asked about and have no file.

        Args:
            part: the host's part.
            begin: the day of the host's first file.
            end: the day of its last.
        """
        since, until = self.question.since, self.question.until
        first = begin if since is None else since.date()
        last = end if until is None else (until - timedelta(microseconds=1)).date()
        if first < begin:
            part.limits.append(f"its first file is of {begin}")
        if last > end:
            part.limits.append(f"its last file is of {end}")
        days = {file.day for file in part.files}
        asked = _days(max(first, begin), min(last, end))
        part.missing_days = [day for day in asked if day not in days]

    def _accesses(self, part: HostPart) -> Iterator[Access]:
        reader = Reader(part.host)
        blocks = self._blocks(part, part.numbers)
        broken: list[str] = []
        for event in _events(chosen(blocks, self.question.sieve), part):
            if event.is_whole:
                yield from reader.read(event)
            else:
                broken.append(event.id)
        yield from self._accesses_of_broken(part, broken)

    def _accesses_of_broken(self, part: HostPart, broken: list[str]) -> Iterator[Access]:
        """Look for the records that lay too far from each other, and yield what there is."""
        if not broken:
            return
        reader = Reader(part.host)  # descriptors of later opens would mislead it
        ids = frozenset(event.encode() for event in broken)
        damaged, unreadable = list(part.damaged), part.unreadable
        for event in _events(chosen(self._blocks(part, Numbers()), Sieve(events=ids)), part):
            part.incomplete += not event.is_whole
            yield from reader.read(event)
        part.damaged, part.unreadable = damaged, unreadable  # these were told already

    def _blocks(self, part: HostPart, numbers: Numbers) -> Iterator[bytes]:
        left = {file.name: file for file in part.files}
        whole, size = sum(file.size for file in part.files), 0
        for name, stream in self.archive.read(part.host, list(left)):
            file = left.pop(name)
            rest, _ = rest_of(file, stream)
            try:
                for block in lines(file, rest):
                    self.say(part.host, name, size / whole if whole else 0.0)
                    _count(block, name, numbers)
                    yield block
            except DamagedError as error:
                part.damaged.append(str(error))
            size += file.size
        part.damaged += [f"{part.host}/{name} vanished meanwhile: ask again" for name in left]

    def _remember_unnamed(self, access: Access) -> None:
        person = self.question.person
        if person is None or person.isdecimal() or not access.person.startswith("uid "):
            return
        since, until = self.question.since, self.question.until
        if (since is None or access.at >= since) and (until is None or access.at < until):
            self.unnamed.add(str(access.uid))


def hosts_asked(archive: Source, hosts: Sequence[str] | None, expected: Sequence[str]) -> list[str]:
    """Return the names of the hosts that are asked about, as `Answer` takes them."""
    there = (name for name in archive.hosts() if not name.startswith(UNKNOWN))
    return sorted({*there, *expected}) if hosts is None else list(hosts)


def doubts_about(part: HostPart) -> Iterator[str]:
    """Yield what makes the record of one host less than whole, one sentence each."""
    yield from part.damaged
    yield from (f"{part.host}: {limit}" for limit in part.limits)
    if part.missing_days:
        yield f"{part.host}: no file of {_listed([f'{day}' for day in part.missing_days])}"
    if missing := part.numbers.missing:
        gaps = _listed([str(gap) for gap in part.numbers.gaps])
        yield (
            f"{part.host}: {missing} messages are missing, with the numbers {gaps}: lost, or "
            "received on a later day"
        )
    if part.numbers.restarts:
        yield f"{part.host}: its numbers began anew; what was lost just before can't be told"
    if part.numbers.overflowed:
        yield f"{part.host}: there are more gaps than are counted here"
    if part.incomplete:
        yield f"{part.host}: {part.incomplete} events lack records; their rows say so"
    if part.unreadable:
        yield f"{part.host}: {part.unreadable} lines are not readable as audit records"


def _events(found: Iterable[bytes], part: HostPart) -> Iterator[Event]:
    assembler = Assembler()
    for line in found:
        record = _record(line, part)
        if record is not None:
            yield from assembler.take(record)
    yield from assembler.rest()


def _record(line: bytes, part: HostPart) -> Record | None:
    """Return the record that a line of the archive holds; None for other programs' lines.

    A line that was torn by a collector that stopped amid it is not counted as unreadable: it wasn't
    acknowledged, so it came again.
    """
    if not line.endswith(b"}"):
        return None
    try:
        content = json.loads(line)
        if content["program"] not in PROGRAMS:
            return None
        record = parse(content["message"])
    except (ValueError, TypeError, KeyError):
        record = None
    part.unreadable += record is None
    return record


def _count(block: bytes, place: str, numbers: Numbers) -> None:
    """Take the numbers of a block's messages, which are whole lines, without parsing them."""
    numbers.see_all(list(map(int, SEQUENCE.findall(block))), place)
    for unused in UNUSED_LINE.finditer(block):
        numbers.never_used(int(unused[1]), int(unused[2]))


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)


def _listed(things: list[str]) -> str:
    more = len(things) - MOST_NAMED
    return ", ".join(things[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
