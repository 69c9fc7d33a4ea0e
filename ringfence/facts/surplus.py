"""Facts about what a host has and nobody needs."""

from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, library

MARKER = "ringfence-surplus"


class InstalledPackages(FactBase[list[str]]):
    """Which of some packages are installed."""

    def command(self, names: list[str]) -> str:
        """Ask for packages by name; none is an answer too."""
        return library("surplus") + (call("installed", *names) if names else "")

    @staticmethod
    def default() -> list[str]:
        """Return none."""
        return []

    def process(self, output: list[str]) -> list[str]:
        """Parse the answer. Raises FactProcessError for anything else."""
        found = []
        for words in answers(output, MARKER):
            match words:
                case ["package", name]:
                    found.append(name)
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return found


class ForeignState(TypedDict):
    """What no package brought."""

    units: list[str]
    """Units that start at boot, or run."""
    drop_ins: dict[str, dict[str, bool]]
    """Files that change what units do: by path, the units, and whether each runs."""


class Foreign(FactBase[ForeignState]):
    """The units that start or run, and the changes of units, that no package brought.

    One question for both. The folders of units are read first (systemd.unit(5), "Unit File Load
    Path"): to tell of all units takes systemd a second of the host's processor.
    """

    def command(self, own: list[str] | None = None) -> str:
        """Ask for services, sockets, timers and paths, and for drop-ins.

        For paths in `own` alone no unit is asked; of units that are asked they may be told.
        """
        return library("surplus") + call("foreign", *(own or []))

    @staticmethod
    def default() -> ForeignState:
        """Return none."""
        return {"units": [], "drop_ins": {}}

    def process(self, output: list[str]) -> ForeignState:
        """Parse the answer. Raises FactProcessError for anything else."""
        found = self.default()
        for words in answers(output, MARKER):
            match words:
                case ["unit", name]:
                    found["units"].append(name)
                case ["drop-in", unit, "runs" | "rests" as state, path]:
                    found["drop_ins"].setdefault(path, {})[unit] = state == "runs"
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return found
