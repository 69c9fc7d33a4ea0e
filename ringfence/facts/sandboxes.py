"""Facts about services that get a sandbox of systemd's."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, decoded, library


class Instance(TypedDict):
    """One service, or one instance of a template."""

    active: bool
    """whether it runs, or begins to"""
    outdated: bool
    """whether its files changed since the manager read them"""
    started: int
    """second at which its main process started; 0 if never"""
    changed: int
    """second in which a drop-in of it changed last, or the folder of one; 0 if it has none"""
    privileges: bool
    """whether its main process may gain privileges"""


class SandboxesState(TypedDict):
    """What `Sandboxes` found."""

    instances: dict[str, dict[str, Instance]]
    """for each unit asked for that the host has: its instances by name, perhaps none"""
    loosening: dict[str, list[int]]
    """lines, by file, of administrators' drop-ins that are read last and take something away"""
    loosened: list[str]
    """the units asked for that these lines are about"""
    written: list[str]
    """every drop-in of ours"""


class Sandboxes(FactBase[SandboxesState]):
    """The services of a list that a host has, and what loosens them."""

    units: list[str]

    def command(self, units: Mapping[str, Sequence[str]], drop_in: str, shipped: list[str]) -> str:
        """Ask for `units`, each with its settings; those in `shipped` need no drop-in of ours.

        `drop_in` is the name of ours, the same in each unit's folder.
        """
        self.units = list(units)
        lines = [call("written", drop_in), call("known", *self.units)]
        for number, (unit, settings) in enumerate(units.items()):
            ours = "" if unit in shipped else f"/etc/systemd/system/{unit}.d/{drop_in}"
            lines.append(call("service", str(number), unit, ours, *settings))
        return library("sandboxes") + "\n".join(lines)

    @staticmethod
    def default() -> SandboxesState:
        """Return a state in which no service is there."""
        return {"instances": {}, "loosening": {}, "loosened": [], "written": []}

    def process(self, output: list[str]) -> SandboxesState:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-sandboxes"):
            try:
                self._take(words, state)
            except (ValueError, LookupError) as error:
                raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}") from error
        return state

    def _take(self, words: list[str], state: SandboxesState) -> None:
        match words:
            case ["there", number]:
                state["instances"][self.units[int(number)]] = {}
            case ["instance", number, name, active, outdated, started, changed, privileges]:
                state["instances"][self.units[int(number)]][name] = {
                    "active": active in ("active", "activating", "reloading", "refreshing"),
                    "outdated": outdated == "yes",
                    "started": int(started),
                    "changed": int(changed),
                    "privileges": privileges == "0",
                }
            case ["loosens", number, path, line]:
                if self.units[int(number)] not in state["loosened"]:
                    state["loosened"].append(self.units[int(number)])
                lines = state["loosening"].setdefault(decoded(path), [])
                if int(line) not in lines:
                    lines.append(int(line))
            case ["written", path]:
                state["written"].append(decoded(path))
            case _:
                raise ValueError(words)
