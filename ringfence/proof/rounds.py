"""Which sabotages may be tried side by side: at most one of each role, in the files' order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from ringfence.proof.sabotages import Case, Sabotage


@dataclass(frozen=True)
class Trial:
    """One case that is tried on a host."""

    control: str
    role: str
    number: int
    """The case's place among those of its control, from 1."""
    case: Case

    @property
    def name(self) -> str:
        """How its records are called: `SSH-01-3`."""
        return f"{self.control}-{self.number}"


def one_by_one(sabotages: Iterable[Sabotage], role_of: Mapping[str, str]) -> list[list[Trial]]:
    """Return rounds of one trial each."""
    return [
        [Trial(sabotage.control, role_of[sabotage.control], number, case)]
        for sabotage in sabotages
        for number, case in enumerate(sabotage.cases, start=1)
    ]


def side_by_side(sabotages: Iterable[Sabotage], role_of: Mapping[str, str]) -> list[list[Trial]]:
    """Return rounds in which every role is broken in one way: as many as the longest role has.

    Two sabotages of one role may undo each other; those of two roles seldom meet.
    """
    by_role: dict[str, list[Trial]] = {}
    for (trial,) in one_by_one(sabotages, role_of):
        by_role.setdefault(trial.role, []).append(trial)
    return [
        [trial for trial in broken if trial is not None]
        for broken in zip_longest(*by_role.values())
    ]
