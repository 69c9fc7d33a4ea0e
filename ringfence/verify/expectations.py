"""Compare what a host shows with what is asked of it, and keep both for the report."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

LONGEST_VALUE = 2_000


class UnmetExpectationError(AssertionError):
    """The host shows something else than what is asked of it."""


@dataclass(frozen=True)
class Observation:
    """One value asked of a host: what it is, what was expected, what was seen."""

    subject: str
    expected: str
    observed: str
    met: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the observation as plain data for the run's results."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.subject}: expected {self.expected}, observed {self.observed}"


def readable(value: Any) -> str:
    """Write a value as the report prints it: no Python quoting, lists with commas, never empty."""
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, set | frozenset):
        text = ", ".join(sorted(readable(item) for item in value)) or "nothing"
    elif isinstance(value, dict):
        text = ", ".join(f"{key}={readable(item)}" for key, item in value.items()) or "nothing"
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        text = ", ".join(readable(item) for item in value) or "nothing"
    elif value is None:
        text = "nothing"
    else:
        text = str(value) or "nothing"
    if len(text) > LONGEST_VALUE:
        text = f"{text[:LONGEST_VALUE]} … ({len(text)} characters)"
    return text


def _within(observed: Any, allowed: Collection[Any]) -> bool:
    return set(observed) <= set(allowed)


def _includes(observed: Any, wanted: Collection[Any]) -> bool:
    return set(wanted) <= set(observed)


def _matches(observed: Any, pattern: str) -> bool:
    return re.search(pattern, observed) is not None


MATCHERS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "equals": ("{}", lambda observed, wanted: bool(observed == wanted)),
    "differs_from": ("anything but {}", lambda observed, wanted: bool(observed != wanted)),
    "one_of": ("one of {}", lambda observed, wanted: observed in wanted),
    "within": ("nothing but {}", _within),
    "includes": ("at least {}", _includes),
    "at_most": ("at most {}", lambda observed, wanted: bool(observed <= wanted)),
    "at_least": ("at least {}", lambda observed, wanted: bool(observed >= wanted)),
    "matches": ("text like {}", _matches),
}


@dataclass
class Expect:
    """Records every value asked of the host, and fails the test at the first that is not met.

    A test that asked nothing has measured nothing: the plugin gives it the verdict ``error``.
    """

    observations: list[Observation] = field(default_factory=list)

    def __call__(self, subject: str, observed: Any, **matcher: Any) -> None:
        """Expect ``observed``, the value of ``subject``, to meet one matcher.

        Args:
            subject: what was asked, in the words of the auditor's report.
            observed: what the host answered.
            **matcher: exactly one of ``equals``, ``differs_from``, ``one_of``, ``within`` (no
                element outside), ``includes``, ``at_most``, ``at_least``, ``matches`` (a regular
                expression), or ``nothing=True``.

        Raises:
            UnmetExpectationError: the matcher is not met.
            TypeError: not exactly one known matcher was given.
        """
        __tracebackhide__ = True
        if len(matcher) != 1:
            raise TypeError(f"expect({subject!r}) takes one matcher, not {sorted(matcher)}")
        ((name, wanted),) = matcher.items()
        if name == "nothing" and wanted is True:
            met, expected = not observed, "nothing"
        elif name in MATCHERS:
            wording, judge = MATCHERS[name]
            met, expected = judge(observed, wanted), wording.format(readable(wanted))
        else:
            raise TypeError(f"expect({subject!r}) knows no matcher {name!r}")
        observation = Observation(subject, expected, readable(observed), met)
        self.observations.append(observation)
        if not met:
            extra = self._difference(name, observed, wanted)
            raise UnmetExpectationError(f"{observation}{extra}")

    @staticmethod
    def _difference(name: str, observed: Any, wanted: Any) -> str:
        if name == "within":
            return f" (not allowed: {readable(set(observed) - set(wanted))})"
        if name == "includes":
            return f" (missing: {readable(set(wanted) - set(observed))})"
        return ""
