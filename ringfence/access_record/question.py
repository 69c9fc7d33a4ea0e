"""What is asked of the access record: whose accesses, when, to which files, and only the denied."""

import fnmatch
import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from ringfence.access_record.accesses import DENIED, UNKNOWN_DIRECTORY, Access
from ringfence.access_record.sieve import Sieve
from ringfence.access_record.syscalls import ARCHITECTURES, CALLS
from ringfence.errors import UsageError

LATE = timedelta(days=1)
"""How far the day on which a record was received may lie from its own: a day ends amid an event,
clocks differ, and a host sends what it kept while the collector was away."""
PERSON = re.compile(r"[a-z_][a-z0-9_.-]{0,31}|[0-9]{1,10}")
SHORTEST = 3
"""Characters of a pattern below which looking for them finds everything."""
GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Question:
    """One question; what is None restricts nothing."""

    since: datetime | None = None
    """The first moment that counts."""
    until: datetime | None = None
    """The moment that is the first to count no more."""
    person: str | None = None
    """The login name of who logged in, or the account's number."""
    path: str | None = None
    """A file; a directory, with all that is below it; or a pattern (`/srv/recordings/*/a.wav`) in
    which `*` and `?` stand for any characters, `/` among them."""
    denied: bool = False
    """Only what was denied."""

    def __post_init__(self) -> None:
        if self.person is not None and not PERSON.fullmatch(self.person):
            raise UsageError(f"{self.person!r} is neither a login name nor an account's number")
        if self.path is not None and not self.path.startswith(("/", "*")):
            raise UsageError(f"the path {self.path!r} must begin with / (or be a pattern with *)")
        if self.path is not None and len(self.path) > 1:
            object.__setattr__(self, "path", self.path.rstrip("/"))
        if self.since and self.until and self.since >= self.until:
            raise UsageError("the question ends before it begins: --since must be before --until")

    @property
    def first_day(self) -> date | None:
        """The first day of reception that may hold an answer."""
        return None if self.since is None else (self.since - LATE).date()

    @property
    def last_day(self) -> date | None:
        """The last day of reception that may hold an answer."""
        if self.until is None:
            return None
        return (self.until - timedelta(microseconds=1) + LATE).date()

    def matches(self, access: Access) -> bool:
        """Whether an access is one of those that are asked for."""
        return (
            (self.since is None or access.at >= self.since)
            and (self.until is None or access.at < self.until)
            and (not self.denied or access.result == DENIED)
            and (self.person is None or self.person in (access.person, str(access.uid)))
            and (self.path is None or any(map(self._is_asked_for, (access.path, access.target))))
        )

    def _is_asked_for(self, path: str) -> bool:
        assert self.path is not None
        if path.startswith(UNKNOWN_DIRECTORY):
            return self._may_be_asked_for(path.removeprefix(UNKNOWN_DIRECTORY))
        if self._pattern is not None:
            return self._pattern.match(path) is not None
        return path == self.path or path.startswith(f"{self.path.rstrip('/')}/")

    def _may_be_asked_for(self, name: str) -> bool:
        """Whether a file whose directory isn't known may be one: better a row too many, told so."""
        if name.startswith("(inode "):
            return True
        assert self.path is not None
        last = self.path.rpartition("/")[2]
        looks_like_a_file = "." in last and not GLOB.search(last)
        return not looks_like_a_file or name.rpartition("/")[2] == last

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        if self.path is None or not GLOB.search(self.path):
            return None
        return re.compile(fnmatch.translate(self.path), re.DOTALL)

    @cached_property
    def sieve(self) -> Sieve:
        """What the lines of every such event have, by the narrowest part of the question.

        One part alone: an event's lines may lie far apart, so that two never meet. The opens of
        directories pass with paths and denials, for the names that they give to descriptors, and
        calls that name a file by a descriptor: nothing else tells its directory.
        """
        part = self._telling_part() if self.path is not None else None
        if part is not None:
            return Sieve((*_written(part), *DIRECTORIES), (BY_DESCRIPTOR,))
        if self.person is not None and self.person.isdecimal():
            return Sieve((b" auid=%s " % self.person.encode(),))
        if self.person is not None:
            name = b'AUID=\\"%s\\"' % self.person.encode()
            return Sieve((name,), lacking=((b"type=SYSCALL ", b"AUID="),))
        if self.denied:
            return Sieve((b"success=no", *DIRECTORIES), (BY_DESCRIPTOR,))
        return Sieve(EVERY_ACCESS)

    def _telling_part(self) -> str | None:
        """Return a text that the name or the working directory of each such file has in it."""
        assert self.path is not None
        if self._pattern is None:
            part = self.path.rpartition("/")[2]
        else:
            # What may be one character of several, or stand in brackets, is no text to look for.
            parts = re.sub(r"\[.*", "", self.path.replace("?", "*")).replace("/", "*").split("*")
            part = max(parts, key=len)
        return part if len(part) >= SHORTEST else None


def _written(text: str) -> tuple[bytes, ...]:
    """Return how a part of a name stands in an archive: plain, or in hexadecimal (records.py)."""
    raw = text.encode("utf-8", "surrogateescape")
    hexadecimal = raw.hex().upper().encode()
    if any(byte < 0x21 or byte > 0x7E or byte == 0x22 for byte in raw):
        return (hexadecimal,)
    return (json.dumps(text)[1:-1].encode(), hexadecimal)


def _calls_by_descriptor() -> re.Pattern[bytes]:
    """Match the calls with a descriptor that is a small number where AT_FDCWD could be."""
    numbers: dict[int, set[int]] = {0: set(), 1: set(), 2: set()}
    for known in ARCHITECTURES.values():
        for number, name in known.items():
            for argument in CALLS[name].directories:
                numbers[argument].add(number)
    ways = [
        rb"(?:%s) success=\w+ exit=-?\d+ %sa%d=[0-9a-f]{1,4} "
        % (
            b"|".join(b"%d" % number for number in sorted(numbers[argument])),
            b"".join(rb"a%d=\w+ " % before for before in range(argument)),
            argument,
        )
        for argument in numbers
    ]
    return re.compile(rb" syscall=(?:%s)" % b"|".join(ways))


EVERY_ACCESS = (b"access-record", b"access-denied", b"6163636573732D")
"""The keys, and how they begin when a rule has several: in hexadecimal."""
BY_DESCRIPTOR = _calls_by_descriptor()
DIRECTORIES = (b" mode=04", b" name=(null)")
"""What a PATH record of a directory has in it (S_IFDIR), and one of a file without a name."""


def day(text: str) -> datetime:
    """Return a day's beginning, or a moment, in UTC: `2026-03-01`, `2026-03-01T08:30:00Z`.

    A moment without a zone is UTC's. Raises ValueError.
    """
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
