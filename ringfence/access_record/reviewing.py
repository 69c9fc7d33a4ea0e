"""What a month of the access record says, for the review that the law asks for every month
(RD 1720/2007 art. 103.5): who looked, how often, and what stands out."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TypeVar

from ringfence.access_record.accesses import DENIED, UNKNOWN_DIRECTORY, Access
from ringfence.access_record.answering import Answer, HostPart
from ringfence.access_record.question import Question
from ringfence.archive.sources import Source
from ringfence.site import Policy
from ringfence.steps import Say, nobody, part

MOST_PLACES = 200_000
"""Places and denials that are told apart: memory doesn't grow with the month."""
NOBODY = "(nobody logged in)"
UNKNOWN = "(unknown)"
"""The account as which somebody acted, where the record doesn't name it."""
NUMBER = re.compile(r"[0-9]+")
Key = TypeVar("Key")


@dataclass
class Looking:
    """What one person did in the month."""

    person: str
    kinds: Counter[str] = field(default_factory=Counter)
    """How often, by kind of access: attempts, denied ones too."""
    days: Counter[date] = field(default_factory=Counter)
    """How often, by day of UTC."""
    hosts: set[str] = field(default_factory=set)
    denied: int = 0
    outside: int = 0
    """Outside working hours."""
    acting: Counter[str] = field(default_factory=Counter)
    """How often as another account."""

    @property
    def total(self) -> int:
        """Accesses and attempts."""
        return self.kinds.total()

    @property
    def busiest(self) -> tuple[date, int]:
        """The day with the most, and how many."""
        return max(self.days.items(), key=lambda item: (item[1], -item[0].toordinal()))

    @property
    def usual(self) -> float:
        """The median of the other days on which the person looked at anything; 0 with one day."""
        day, _ = self.busiest
        others = sorted(count for other, count in self.days.items() if other != day)
        middle = len(others) // 2
        if not others:
            return 0.0
        return others[middle] if len(others) % 2 else (others[middle - 1] + others[middle]) / 2


@dataclass(frozen=True)
class Place:
    """A person in a directory of a host."""

    person: str
    host: str
    directory: str
    """With `*` for numbers: of directories with a date in their names each day would be new."""


@dataclass
class Span:
    """How often something was, and when first and last."""

    first: datetime
    last: datetime
    count: int = 1

    def add(self, at: datetime) -> None:
        """Count one more."""
        self.first, self.last = min(self.first, at), max(self.last, at)
        self.count += 1


@dataclass
class Review:
    """What one month says."""

    month: date
    """Its first day."""
    people: dict[str, Looking] = field(default_factory=dict)
    denials: dict[tuple[str, str, str], Span] = field(default_factory=dict)
    """By person, host and path."""
    outside: dict[tuple[str, date], Span] = field(default_factory=dict)
    """Accesses outside working hours, by person and day of UTC."""
    strangers: dict[str, str] = field(default_factory=dict)
    """People who are not in the policy, or had left: with the reason."""
    places: dict[Place, Span] = field(default_factory=dict)
    first_times: dict[Place, Span] = field(default_factory=dict)
    """Places at which a person was not in the months before."""
    before: int = 0
    """Months before it that were read."""
    before_doubts: list[str] = field(default_factory=list)
    """What makes the record of those months less than whole."""
    notes: Counter[str] = field(default_factory=Counter)
    """How many rows say what about themselves."""
    parts: list[HostPart] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    is_overfull: bool = False
    """Whether there were more places or denials than are told apart."""

    @property
    def total(self) -> int:
        """Accesses and attempts."""
        return sum(looking.total for looking in self.people.values())

    @property
    def denied(self) -> int:
        """Denied attempts."""
        return sum(looking.denied for looking in self.people.values())

    @property
    def by_frequency(self) -> list[Looking]:
        """The people, the busiest first."""
        return sorted(self.people.values(), key=lambda one: (-one.total, one.person))


def review(
    archive: Source,
    policy: Policy,
    month: date,
    hosts: Sequence[str] | None = None,
    before: int = 3,
    expected: Sequence[str] = (),
    say: Say = nobody,
) -> Review:
    """Count a month of the record.

    Args:
        archive: where the files are.
        policy: the site's, for its people and working hours.
        month: its first day.
        hosts: whose; None means all of the archive.
        before: how many months before it are read, to tell what is new.
        expected: hosts that must be in the archive, when all of it is counted.
        say: told which file is read, and how much of its host's are.
    """
    found = Review(month)
    share = 1 / (1 + before)
    answer = Answer(archive, of_months(month, 1), hosts, expected, part(say, 0.0, share))
    for access in answer:
        _count(found, access, policy)
    found.parts, found.doubts = answer.parts, answer.doubts
    if before and found.places:
        months = of_months(months_earlier(month, before), before)
        earlier = Answer(archive, months, hosts, expected, part(say, share, 1.0))
        _compare(found, earlier)
        found.before, found.before_doubts = before, earlier.doubts
    return found


def of_months(first: date, months: int) -> Question:
    """Return the question for some months, from the first day of one on."""
    end = months_earlier(first, -months)
    return Question(_beginning(first), _beginning(end))


def months_earlier(month: date, months: int) -> date:
    """Return the first day of the month that is some months earlier."""
    number = month.year * 12 + month.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _beginning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _count(found: Review, access: Access, policy: Policy) -> None:
    person = access.person or NOBODY
    looking = found.people.setdefault(person, Looking(person))
    looking.kinds[access.kind] += 1
    looking.days[access.at.date()] += 1
    looking.hosts.add(access.host)
    if access.acting != access.person:
        looking.acting[access.acting or UNKNOWN] += 1
    if policy.working_hours is not None and not policy.working_hours.cover(access.at):
        looking.outside += 1
        _span(found, found.outside, (person, access.at.date()), access.at)
    if access.result == DENIED:
        looking.denied += 1
        _span(found, found.denials, (person, access.host, access.path), access.at)
    _span(found, found.places, _place(access), access.at)
    for note in access.notes:
        found.notes[note] += 1
    if person not in found.strangers and (reason := _strange(access, policy)):
        found.strangers[person] = reason


def _span(found: Review, spans: dict[Key, Span], key: Key, at: datetime) -> None:
    if key in spans:
        spans[key].add(at)
    elif len(spans) < MOST_PLACES:
        spans[key] = Span(at, at)
    else:
        found.is_overfull = True


def _place(access: Access) -> Place:
    path = access.path
    directory = UNKNOWN_DIRECTORY if path.startswith(UNKNOWN_DIRECTORY) else path.rpartition("/")[0]
    return Place(access.person or NOBODY, access.host, NUMBER.sub("*", directory) or "/")


def _strange(access: Access, policy: Policy) -> str:
    if not access.person or access.person == "root":
        return ""
    person = policy.people.get(access.person)
    if person is None:
        return "is none of policy.yml's people"
    if person.leaves is not None and access.at.date() > person.leaves:
        return f"looked on {access.at.date()}, after the last day here ({person.leaves})"
    return ""


def _compare(found: Review, earlier: Iterable[Access]) -> None:
    """Keep the places at which nobody was earlier: of what is earlier nothing is kept."""
    found.first_times = dict(found.places)
    for access in earlier:
        found.first_times.pop(_place(access), None)
