"""The numbers that a host gives to its messages: which are missing, and which came twice.

Flat memory: what is missing is kept as ranges, and only so many of them.
"""

from bisect import bisect_left
from dataclasses import dataclass

MOST_RANGES = 1000


@dataclass(order=True)
class Range:
    """Numbers that have not been seen, both ends included, and the file after which they lack."""

    first: int
    last: int
    place: str


class Sequence:
    """The numbers of one host, in the order of its archive.

    A number beyond the next one opens a gap, which a later message may fill: after a broken
    connection a host sends again what was not acknowledged. A number that was seen before is a
    duplicate. A host that begins again at 1 (it was set up anew) starts a new count.
    """

    def __init__(self) -> None:
        self.duplicates = 0
        self.restarts: list[str] = []
        self.overflowed = False
        self._gaps: list[Range] = []
        self._of_earlier_counts: list[Range] = []
        self._next: int | None = None

    @property
    def gaps(self) -> list[Range]:
        """The ranges that nothing has filled."""
        return [*self._of_earlier_counts, *self._gaps]

    def see(self, number: int, place: str) -> None:
        """Take in the number of a record in the file `place`."""
        if self._next is None or number == self._next:
            self._next = number + 1
        elif number > self._next:
            if len(self.gaps) < MOST_RANGES:
                self._gaps.append(Range(self._next, number - 1, place))
            else:
                self.overflowed = True
            self._next = number + 1
        elif not self._fill(number):
            if number == 1:
                self.restarts.append(place)
                self._of_earlier_counts += self._gaps
                self._gaps, self._next = [], 2
            else:
                self.duplicates += 1

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
