"""Facts about a host's files: whether they are still as its baseline has them."""

import base64
from collections.abc import Sequence
from typing import Literal, TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import OF_THE_MOMENT, answers, call, library

MOST_CHANGES = 400
"""Files that are told; with so many there may be more."""


class Change(TypedDict):
    """A file that is not as the baseline has it."""

    path: str
    how: Literal["added", "changed", "removed", "touched"]
    """whether the baseline has it otherwise; `touched` was written and is the same, but perhaps for
    what is not compared here: access lists and capabilities"""
    moment: float
    """seconds since the epoch at which its inode changed last, which only the clock decides; of one
    that was removed, that of the directory that held it"""


class BaselineState(TypedDict):
    """What `Baseline` found."""

    database: str
    """the SHA-256 of AIDE's database; empty without one"""
    rules: str
    """the SHA-256 of AIDE's configuration; empty without one"""
    taken: str
    """when the database was begun, in seconds since the epoch; empty without one"""
    waiting: str
    """the SHA-256 of a new database that waits to take its place; empty without one"""
    waiting_taken: str
    """when that was begun"""
    changes: list[Change]
    """what changed since the moment that was asked about, the first `MOST_CHANGES`"""


class Moment(FactBase[float]):
    """The host's clock, in seconds since the epoch.

    It is no answer that a plan depends on: two runs that change nothing have two of them.
    """

    def command(self) -> str:
        """Ask."""
        return f"{OF_THE_MOMENT}date +%s.%N"

    @staticmethod
    def default() -> float:
        """Return the beginning of time."""
        return 0.0

    def process(self, output: list[str]) -> float:
        """Parse the answer. Raises FactProcessError for anything else."""
        try:
            return float("".join(output))
        except ValueError:
            raise FactProcessError(f"no time: {' '.join(output)[:80]!r}") from None


class Baseline(FactBase[BaselineState]):
    """The baseline that a host has, and what changed since.

    Only files are compared whose inode changed since then: a look at all of them takes a second or
    two, where AIDE reads every file.
    """

    def command(
        self, store: str, rules: str, since: str, trees: Sequence[str], passed_over: Sequence[str]
    ) -> str:
        """Ask; `since` is in seconds since the epoch, and empty where changes don't matter.

        A path of `passed_over` may end with `*`, which stands for the rest of the name.
        """
        words = [store, rules, since, *trees, "--", *passed_over]
        return library("integrity") + call("baseline", *words)

    @staticmethod
    def default() -> BaselineState:
        """Return a host without a baseline."""
        return {
            "database": "",
            "rules": "",
            "taken": "",
            "waiting": "",
            "waiting_taken": "",
            "changes": [],
        }

    def process(self, output: list[str]) -> BaselineState:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-integrity"):
            try:
                match words:
                    case ["database", digest]:
                        state["database"] = digest
                    case ["rules", digest]:
                        state["rules"] = digest
                    case ["taken", moment]:
                        state["taken"] = moment
                    case ["waiting", digest, moment]:
                        state["waiting"], state["waiting_taken"] = digest, moment
                    case [("added" | "changed" | "removed" | "touched") as how, moment, path]:
                        name = base64.b64decode(path).decode(errors="backslashreplace")
                        change: Change = {"path": name, "how": how, "moment": float(moment)}
                        state["changes"].append(change)
                    case _:
                        raise ValueError(words)
            except ValueError as error:
                raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}") from error
        return state


class AlteredPackages(FactBase[list[str]]):
    """The packages whose files were not as they made them when they were compared last."""

    def command(self, store: str) -> str:
        """Ask what was found."""
        return library("integrity") + call("altered", store)

    @staticmethod
    def default() -> list[str]:
        """Return none."""
        return []

    def process(self, output: list[str]) -> list[str]:
        """Parse the names. Raises FactProcessError for anything else."""
        found = []
        for words in answers(output, "ringfence-integrity"):
            match words:
                case ["altered", name]:
                    found.append(name)
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return found
