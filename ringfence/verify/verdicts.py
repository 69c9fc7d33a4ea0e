"""The six verdicts, and how the verdicts of several tests make that of their control."""

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """What one test, or all tests of one control, found on one host."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable"
    UNREACHABLE = "unreachable"
    ERROR = "error"

    @property
    def is_red(self) -> bool:
        """Whether the verdict makes the run exit with 1."""
        return self in RED

    @property
    def is_measured(self) -> bool:
        """Whether the host itself answered the question."""
        return self in {Verdict.PASS, Verdict.FAIL, Verdict.WAIVED}


RED = frozenset({Verdict.FAIL, Verdict.ERROR, Verdict.UNREACHABLE})
WORST_FIRST = (
    Verdict.FAIL,
    Verdict.ERROR,
    Verdict.UNREACHABLE,
    Verdict.WAIVED,
    Verdict.PASS,
    Verdict.NOT_APPLICABLE,
)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of ``verdicts``; ``error`` when there is none, as nothing was measured."""
    found = set(verdicts)
    return next((verdict for verdict in WORST_FIRST if verdict in found), Verdict.ERROR)
