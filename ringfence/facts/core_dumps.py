"""Facts about core dumps: the memory of a process that dies, written to the disk (core(5))."""

from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, decoded, library


class CoreDumpsState(TypedDict):
    """What `CoreDumps` found."""

    processes: list[int]
    """running processes that may leave one"""
    services: list[str]
    """units of services that systemd would start so that they may"""
    lines: list[tuple[str, int]]
    """path and number of each line that lets sessions do so"""


class CoreDumps(FactBase[CoreDumpsState]):
    """Which processes, services and sessions may leave a core dump."""

    def command(self, path: str) -> str:
        """Ask; `path` is our own file of limits, whose lines aren't told."""
        return library("core_dumps") + "\n".join(["processes", "services", call("sessions", path)])

    @staticmethod
    def default() -> CoreDumpsState:
        """Return a state in which nothing may."""
        return {"processes": [], "services": [], "lines": []}

    def process(self, output: list[str]) -> CoreDumpsState:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-core-dumps"):
            match words:
                case ["process", pid]:
                    state["processes"].append(int(pid))
                case ["service", unit]:
                    state["services"].append(unit)
                case ["line", path, number]:
                    state["lines"].append((decoded(path), int(number)))
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state
