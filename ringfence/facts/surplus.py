"""Facts about what a host has and nobody needs."""

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
        return _named(output, "package")


class ForeignUnits(FactBase[list[str]]):
    """The units that start at boot, or run, although no package brought them."""

    def command(self) -> str:
        """Ask for services, sockets, timers and paths."""
        return library("surplus") + "units"

    @staticmethod
    def default() -> list[str]:
        """Return none."""
        return []

    def process(self, output: list[str]) -> list[str]:
        """Parse the answer. Raises FactProcessError for anything else."""
        return _named(output, "unit")


class ForeignDropIns(FactBase[dict[str, dict[str, bool]]]):
    """The files that change what units do although no package brought them.

    By path, the units, and whether each runs.
    """

    def command(self) -> str:
        """Ask for those of services, sockets, timers and paths that are loaded."""
        return library("surplus") + "drop_ins"

    @staticmethod
    def default() -> dict[str, dict[str, bool]]:
        """Return none."""
        return {}

    def process(self, output: list[str]) -> dict[str, dict[str, bool]]:
        """Parse the answer. Raises FactProcessError for anything else."""
        found: dict[str, dict[str, bool]] = {}
        for words in answers(output, MARKER):
            match words:
                case ["drop-in", unit, "runs" | "rests" as state, path]:
                    found.setdefault(path, {})[unit] = state == "runs"
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return found


def _named(output: list[str], kind: str) -> list[str]:
    found = []
    for words in answers(output, MARKER):
        match words:
            case [word, name] if word == kind:
                found.append(name)
            case _:
                raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
    return found
