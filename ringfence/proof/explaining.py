"""What there is to say of a control: how it is verified, and how its tests were seen red."""

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ringfence.catalogue import Catalogue, Control
from ringfence.catalogue.proofs import Proof
from ringfence.errors import ToolError
from ringfence.proof.sabotages import Case, Sabotage
from ringfence.site.house import House


@dataclass(frozen=True)
class BaselineTest:
    """One test of a control, and the sabotages that must make it fail."""

    name: str
    suite: Path
    """The file in which it stands, relative to the house."""
    line: int
    cases: list[Case]
    seen: frozenset[str]
    """The names of the sabotages that it was seen to catch, by the proof on record."""

    def was_seen_red_by(self, case: Case) -> bool:
        """Whether the proof on record has this sabotage: one that was written since isn't in it."""
        return case.name in self.seen


@dataclass(frozen=True)
class Explanation:
    """A control, its roles, its tests and its proof; None when it was never seen red."""

    control: Control
    roles: list[str]
    """The role that declares it, then those that join it."""
    tests: list[BaselineTest]
    proof: Proof | None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            **self.control.model_dump(mode="json"),
            "role": self.roles[0],
            "joined_by": self.roles[1:],
            "tests": [
                {
                    "name": test.name,
                    "suite": str(test.suite),
                    "line": test.line,
                    "sabotages": [
                        {
                            "name": case.name,
                            "kind": case.kind.value,
                            "does": case.does,
                            "seen_red": test.was_seen_red_by(case),
                        }
                        for case in test.cases
                    ],
                }
                for test in self.tests
            ],
            "proof": self.proof.as_dict() if self.proof else None,
        }


def explain(
    house: House, catalogue: Catalogue, sabotages: dict[str, Sabotage], identifier: str
) -> Explanation:
    """Explain one control of the catalogue.

    Raises ToolError when a file of its tests can't be read.
    """
    roles = catalogue.roles_of[identifier]
    suites = [house.baseline_dir / f"test_{role}.py" for role in roles]
    cases = sabotages[identifier].cases if identifier in sabotages else []
    proof = catalogue.proofs.get(identifier)
    seen = proof.tests if proof else {}
    tests = [
        BaselineTest(
            name,
            path.relative_to(house.root),
            line,
            [case for case in cases if name in case.fails],
            frozenset(seen.get(name, [])),
        )
        for path in suites
        for name, line in functions_marked(path, identifier)
    ]
    return Explanation(catalogue.controls[identifier], roles, tests, proof)


def functions_marked(path: Path, identifier: str) -> list[tuple[str, int]]:
    """Return name and line of the tests in a file that ``@control(identifier)`` marks, in order.

    The file is read, not imported: nothing of it is run. Raises ToolError.
    """
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except (OSError, SyntaxError, ValueError) as error:
        raise ToolError(f"{path}: cannot be read as tests ({error})") from None
    return [
        (node.name, node.lineno)
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and control_of(node) == identifier
    ]


def control_of(function: ast.FunctionDef) -> str | None:
    """Return the control with which ``@control`` marks a function; None where nothing does."""
    for decorator in function.decorator_list:
        if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Name):
            continue
        given = [each.value for each in decorator.args if isinstance(each, ast.Constant)]
        if decorator.func.id == "control" and len(given) == 1:
            return str(given[0])
    return None
