"""What one verification found: by test, and by control."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ringfence.errors import ToolError
from ringfence.verify.kept_lists import KeptLines, KeptList
from ringfence.verify.verdicts import Verdict, worst

A_TEST = b'{"host": '
"""How the line of a test begins in a file of results; each has one, so they are read one by one."""
LISTS = ("observations", "commands")
"""What most of a result is: of results that were loaded these stay in the file."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """The outcome of one baseline test on one host."""

    __test__ = False  # its name makes pytest take it for a test

    host: str
    control: str
    test: str
    verdict: Verdict
    message: str = ""
    observations: Sequence[dict[str, Any]] = field(default_factory=list)
    commands: Sequence[str] = field(default_factory=list)
    waiver: dict[str, str] | None = None
    original: Verdict | None = None

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "TestResult":
        """Rebuild a result from its JSON form. Names, which come often, are kept once."""
        original = data.get("original")
        names = {key: sys.intern(data[key]) for key in ("host", "control", "test")}
        return cls(
            **{
                **data,
                **names,
                "verdict": Verdict(data["verdict"]),
                "original": Verdict(original) if original else None,
            }
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain data, in the order of the fields."""
        return {
            "host": self.host,
            "control": self.control,
            "test": self.test,
            "verdict": self.verdict,
            "message": self.message,
            "observations": list(self.observations),
            "commands": list(self.commands),
            "waiver": self.waiver,
            "original": self.original,
        }


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
        """Write the results as JSON, a line for each test.

        They may be those that were loaded from ``path``: it is replaced when all is written.
        """
        stage = path.with_name(f"{path.name}.new")
        rest = {"unreachable": self.unreachable, "live_commands": self.live_commands}
        with stage.open("w", encoding="utf-8") as file:
            file.write('{"tests": [\n')
            for number, test in enumerate(self.tests):
                file.write(f"{',' if number else ''}{json.dumps(test.as_dict())}\n")
            file.write(f"], {json.dumps(rest)[1:]}\n")
        stage.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Results":
        """Read what ``save`` wrote; what was observed is read when it is looked at.

        Raises:
            ToolError: the file is missing or not such a file.
        """
        tests, rest = [], []
        try:
            lines = KeptLines(path)
            for start, line in lines:
                if line.lstrip(b",").startswith(A_TEST):
                    kept = {name: KeptList(lines, start, name) for name in LISTS}
                    tests.append(TestResult.from_dict(json.loads(line.lstrip(b",")) | kept))
                else:
                    rest.append(line)
            document = json.loads(b"".join(rest))
            # Runs kept before each test had a line of its own have their tests here.
            tests += map(TestResult.from_dict, document["tests"])
            return cls(tests, document["unreachable"], document["live_commands"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ToolError(f"{path}: holds no results of a verification ({error})") from None


def count_by_verdict(results: Iterable[ControlResult | TestResult]) -> dict[Verdict, int]:
    """Count outcomes by verdict; every verdict has an entry."""
    counts = dict.fromkeys(Verdict, 0)
    for result in results:
        counts[result.verdict] += 1
    return counts
