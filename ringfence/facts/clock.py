"""Facts about the clock: whose it is, and what it shows."""

from collections.abc import Sequence
from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, library


class ClockState(TypedDict):
    """What `Clock` found."""

    container: bool
    """whether the clock is that of the computer that runs the host"""
    zone: str
    """what /etc/localtime leads to, below /usr/share/zoneinfo; `missing` is UTC, `other` a file"""
    name: str
    """what /etc/timezone says, with _ for spaces; `missing` when it isn't there"""
    hardware_is_local: bool
    """whether the hardware's clock holds local time (adjtime(5))"""
    manager: str
    """the TZ of the manager's environment, which every service inherits; empty when it has none"""


class Clock(FactBase[ClockState]):
    """Whose clock a host has, and in which zone it is shown."""

    def command(self) -> str:
        """Ask for all of it."""
        return library("clock") + "clock"

    @staticmethod
    def default() -> ClockState:
        """Return the clock of a host that shows UTC."""
        return {
            "container": False,
            "zone": "missing",
            "name": "missing",
            "hardware_is_local": False,
            "manager": "",
        }

    def process(self, output: list[str]) -> ClockState:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-clock"):
            match words:
                case ["container"]:
                    state["container"] = True
                case ["zone", zone]:
                    state["zone"] = zone
                case ["name", name]:
                    state["name"] = name
                case ["hardware-is-local"]:
                    state["hardware_is_local"] = True
                case ["manager", zone]:
                    state["manager"] = zone
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state


class Rivals(FactBase[list[tuple[int, str]]]):
    """The processes that keep the time, or speak NTP, beside chrony's own service."""

    def command(self, programs: Sequence[str]) -> str:
        """Ask, with the names of programs that set clocks."""
        return library("clock") + call("rivals", *programs)

    @staticmethod
    def default() -> list[tuple[int, str]]:
        """Return none."""
        return []

    def process(self, output: list[str]) -> list[tuple[int, str]]:
        """Parse process and unit, once each. Raises FactProcessError for anything else."""
        found: dict[int, str] = {}
        for words in answers(output, "ringfence-clock"):
            match words:
                case ["rival", process, unit] if process.isdigit():
                    found[int(process)] = "" if unit == "-" else unit
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return sorted(found.items())
