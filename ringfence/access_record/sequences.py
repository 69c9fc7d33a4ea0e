"""Gaps in what a host sent: each of its messages carries the next number."""

import re
from dataclasses import dataclass, field

SEQUENCE = re.compile(rb'"sequence": ?([0-9]+)')
MOST_GAPS = 10_000
"""Gaps that are remembered at a time; more of them can't be filled any more."""


@dataclass
class Sequences:
    """The numbers of one host's messages, as they come: late ones fill the gap that they left."""

    messages: int = 0
    repeated: int = 0
    """Messages that came twice."""
    beginnings: int = 0
    """How often the numbers began anew at 1: the host was installed afresh."""
    first: int | None = None
    last: int | None = None
    """The highest number."""
    gaps: dict[int, int] = field(default_factory=dict)
    """What is missing: the first number of each gap, with the last."""
    is_overfull: bool = False
    """Whether there were so many gaps that the numbers of the first were forgotten."""

    def take(self, block: bytes) -> None:
        """Take a block of whole lines."""
        numbers = list(map(int, SEQUENCE.findall(block)))
        if not numbers:
            return
        self.messages += len(numbers)
        first = numbers[0]
        starts_well = self.last is None or first == self.last + 1
        if starts_well and numbers == list(range(first, first + len(numbers))):
            self.first = first if self.first is None else self.first
            self.last = numbers[-1]
            return
        for number in numbers:
            self._take_number(number)

    @property
    def missing(self) -> int:
        """How many messages are missing."""
        return sum(last - first + 1 for first, last in self.gaps.items())

    def _take_number(self, number: int) -> None:
        if number == 0:  # what no sender of Ringfence's sent
            return
        if self.last is None or self.first is None:
            self.first = self.last = number
        elif number == 1 and self.last > 1 and not self._fill(number):
            self.beginnings += 1
            self.first = self.last = number
        elif number > self.last:
            if number > self.last + 1:
                self._remember(self.last + 1, number - 1)
            self.last = number
        elif number < self.first:  # what was sent before the range that is read, and came in it
            return
        elif not self._fill(number):
            self.repeated += 1

    def _remember(self, first: int, last: int) -> None:
        self.gaps[first] = last
        self.is_overfull |= len(self.gaps) > MOST_GAPS
        if len(self.gaps) > MOST_GAPS:
            del self.gaps[next(iter(self.gaps))]

    def _fill(self, number: int) -> bool:
        for first, last in self.gaps.items():
            if first <= number <= last:
                del self.gaps[first]
                if first < number:
                    self.gaps[first] = number - 1
                if number < last:
                    self.gaps[number + 1] = last
                return True
        return False
