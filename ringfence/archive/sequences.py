"""The numbers that a host gives to its messages: which are missing, and which came twice.

Flat memory: what is missing is kept as ranges, and only so many of them.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence as Numbers
from dataclasses import dataclass

MOST_RANGES = 10_000
"""Gaps that are remembered at a time; the oldest of more can't be filled any more."""
TELLER = "ringfence-logging"
"""The program name under which a host tells what it left out; root's alone, by the sender."""
UNUSED = re.compile(r"numbers ([0-9]{1,18}) to ([0-9]{1,18}) that are missing were never used")
"""What a host says that went on with higher numbers after a sudden stop."""


@dataclass(order=True)
class Range:
    """Numbers that have not been seen, both ends included, and the file after which they lack."""

    first: int
    last: int
    place: str

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"

    def __len__(self) -> int:
        return self.last - self.first + 1


class Sequence:
    """The numbers of one host, in the order of its archive.

    A number beyond the next one opens a gap, which a later message may fill: after a broken
    connection a host sends again what was not acknowledged. A number that was seen before is a
    duplicate. A host that begins again at 1 (it was set up anew) starts a new count. 0 is what came
    from a sender that doesn't count. What is lower than the first number that was read was sent
    before what is read, and came in it.
    """

    def __init__(self) -> None:
        self.messages = 0
        """how many came, with and without a number"""
        self.duplicates = 0
        self.restarts: list[str] = []
        """the files in which a new count begins"""
        self.unused: list[Range] = []
        """what is missing, and was never used, as the host itself says"""
        self.overflowed = False
        """whether there were so many gaps that the first were forgotten"""
        self._gaps: list[Range] = []
        self._of_earlier_counts: list[Range] = []
        self._first: int | None = None
        self._next = 1

    @property
    def gaps(self) -> list[Range]:
        """The ranges that nothing has filled."""
        return [*self._of_earlier_counts, *self._gaps]

    @property
    def missing(self) -> int:
        """How many messages are missing."""
        return sum(map(len, self.gaps))

    def see(self, number: int, place: str) -> None:
        """Take in the number of a record in the file `place`."""
        self.messages += 1
        if number <= 0:
            return
        if self._first is None:
            self._first, self._next = number, number + 1
        elif number == self._next:
            self._next = number + 1
        elif number > self._next:
            self._open(Range(self._next, number - 1, place))
            self._next = number + 1
        elif not self._fill(number):
            self._see_again(number, place)

    def see_all(self, numbers: Numbers[int], place: str) -> None:
        """Take in the numbers of records that follow one another in the file `place`."""
        if not numbers:
            return
        first = numbers[0]
        goes_on = first > 0 if self._first is None else first == self._next
        if goes_on and list(numbers) == list(range(first, first + len(numbers))):
            self.messages += len(numbers)
            self._first = first if self._first is None else self._first
            self._next = numbers[-1] + 1
            return
        for number in numbers:
            self.see(number, place)

    def never_used(self, first: int, last: int) -> None:
        """Take in what the host says: of these numbers, those that are missing were never used."""
        kept: list[Range] = []
        for gap in self._gaps:
            unused = Range(max(first, gap.first), min(last, gap.last), gap.place)
            if unused.first > unused.last:
                kept.append(gap)
                continue
            self.unused.append(unused)
            if gap.first < unused.first:
                kept.append(Range(gap.first, unused.first - 1, gap.place))
            if unused.last < gap.last:
                kept.append(Range(unused.last + 1, gap.last, gap.place))
        self._gaps = kept

    def _see_again(self, number: int, place: str) -> None:
        assert self._first is not None
        if number == 1 and self._next > 2:
            self.restarts.append(place)
            self._of_earlier_counts += self._gaps
            self._gaps, self._first, self._next = [], 1, 2
        elif number >= self._first:
            self.duplicates += 1

    def _open(self, gap: Range) -> None:
        self._gaps.append(gap)
        if len(self._gaps) + len(self._of_earlier_counts) > MOST_RANGES:
            self.overflowed = True
            (self._of_earlier_counts or self._gaps).pop(0)

    def _fill(self, number: int) -> bool:
        index = bisect_left(self._gaps, number + 1, key=lambda gap: gap.first) - 1
        if index < 0 or self._gaps[index].last < number:
            return False
        gap = self._gaps.pop(index)
        if number < gap.last:
            self._gaps.insert(index, Range(number + 1, gap.last, gap.place))
        if gap.first < number:
            self._gaps.insert(index, Range(gap.first, number - 1, gap.place))
        return True
