"""What one verification found: by test, and by control."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ringfence.errors import ToolError
from ringfence.verify.verdicts import Verdict, worst


@dataclass(frozen=True)
class TestResult:
    """The outcome of one baseline test on one host."""

    __test__ = False  # its name makes pytest take it for a test

    host: str
    control: str
    test: str
    verdict: Verdict
    message: str = ""
    observations: list[dict[str, Any]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    waiver: dict[str, str] | None = None
    original: Verdict | None = None

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "TestResult":
        """Rebuild a result from its JSON form."""
        original = data.get("original")
        return cls(
            **{
                **data,
                "verdict": Verdict(data["verdict"]),
                "original": Verdict(original) if original else None,
            }
        )


@dataclass(frozen=True)
class ControlResult:
    """The outcome of one control on one host: the worst of its tests."""

    host: str
    control: str
    verdict: Verdict
    tests: list[TestResult]

    @property
    def message(self) -> str:
        """The sentence of the worst test."""
        return next((test.message for test in self.tests if test.verdict is self.verdict), "")


@dataclass
class Results:
    """Every test's outcome, and what the asking cost."""

    tests: list[TestResult] = field(default_factory=list)
    unreachable: dict[str, str] = field(default_factory=dict)
    live_commands: dict[str, int] = field(default_factory=dict)

    def by_control(self) -> list[ControlResult]:
        """Return one outcome for every control of every host, in the order first met."""
        grouped: dict[tuple[str, str], list[TestResult]] = {}
        for test in self.tests:
            grouped.setdefault((test.host, test.control), []).append(test)
        return [
            ControlResult(host, control, worst(test.verdict for test in tests), tests)
            for (host, control), tests in grouped.items()
        ]

    def save(self, path: Path) -> None:
        """Write the results as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> "Results":
        """Read what ``save`` wrote.

        Raises:
            ToolError: the file is missing or not such a file.
        """
        try:
            document = json.loads(path.read_text())
            return cls(
                [TestResult.from_dict(test) for test in document["tests"]],
                document["unreachable"],
                document["live_commands"],
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ToolError(f"{path}: holds no results of a verification ({error})") from None


def count_by_verdict(results: Iterable[ControlResult | TestResult]) -> dict[Verdict, int]:
    """Count outcomes by verdict; every verdict has an entry."""
    counts = dict.fromkeys(Verdict, 0)
    for result in results:
        counts[result.verdict] += 1
    return counts
