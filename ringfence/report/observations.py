"""What a test saw that it should not have seen."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from ringfence.verify.results import TestResult


def unmet(test: TestResult) -> list[dict[str, Any]]:
    """Return the observations of a test that were not as expected."""
    return [seen for seen in test.observations if not seen["met"]]


def note(test: TestResult) -> str:
    """Return what a test's message says beyond its unmet observation."""
    for seen in unmet(test):
        said = f"{seen['subject']}: expected {seen['expected']}, observed {seen['observed']}"
        if test.message.startswith(said):
            beyond = test.message.removeprefix(said).strip()
            return beyond.removeprefix("(").removesuffix(")").replace(") (", "; ")
    return test.message


def alike(tests: Iterable[TestResult]) -> list[list[TestResult]]:
    """Put the tests together that stand beside one another and found the same amiss.

    What a host lacks altogether is found by each test that asks for a part of it.
    """

    def found(test: TestResult) -> tuple[Any, ...]:
        return test.verdict, unmet(test), note(test)

    return [list(group) for _, group in groupby(tests, found)]
