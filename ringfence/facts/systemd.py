"""Facts about systemd's units."""

import base64
from collections.abc import Sequence
from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, library

PROPERTIES = (
    "Id",
    "LoadState",
    "ActiveState",
    "UnitFileState",
    "NeedDaemonReload",
    "ActiveEnterTimestamp",
    "StateChangeTimestamp",
    "ReloadResult",
)


class UnitState(TypedDict):
    """What the manager says about a unit."""

    load: str
    """loaded, not-found, masked, bad-setting …"""
    active: str
    """active, inactive, failed, reloading …"""
    file: str
    """enabled, disabled, static, masked …; empty when there is no file"""
    outdated: bool
    """whether its files changed since the manager read them"""
    started: int
    """second at which it became active; 0 if never"""
    reloaded: int
    """second of its last change of state, such as a reload; 0 if none, or if the reload failed"""


UNKNOWN: UnitState = {
    "load": "",
    "active": "",
    "file": "",
    "outdated": False,
    "started": 0,
    "reloaded": 0,
}
"""What is known of a unit when the host didn't answer."""


class ServicesState(TypedDict):
    """What `Services` found."""

    units: dict[str, UnitState]
    changed: dict[str, int | None]
    """second in which each path changed (ctime); None where nothing is"""
    titles: dict[str, str]
    """command line of the main process of each unit asked for"""
    succeeds: list[bool]
    """whether each of the commands succeeded, in order"""


class Services(FactBase[ServicesState]):
    """The state of many units, and of the files that they depend on, in one command."""

    asked_units: list[str]
    asked_paths: list[str]
    asked_titles: list[str]

    def command(
        self,
        units: list[str],
        paths: list[str] | None = None,
        titles: list[str] | None = None,
        commands: Sequence[Sequence[str]] | None = None,
    ) -> str:
        """Ask for `units`, the ctime of `paths`, the main process of `titles`; try `commands`."""
        self.asked_units, self.asked_paths = list(units), list(paths or [])
        self.asked_titles = list(titles or [])
        lines = [call("changed", str(i), path) for i, path in enumerate(self.asked_paths)]
        lines += [call("title", str(i), unit) for i, unit in enumerate(self.asked_titles)]
        lines += [call("succeeds", str(i), *words) for i, words in enumerate(commands or [])]
        lines += [f"properties={','.join(PROPERTIES)}", call("units", *self.asked_units)]
        return library("services") + "\n".join(lines)

    @staticmethod
    def default() -> ServicesState:
        """Return a state in which no unit exists."""
        return {"units": {}, "changed": {}, "titles": {}, "succeeds": []}

    def process(self, output: list[str]) -> ServicesState:
        """Parse the answer. Raises FactProcessError when a unit is missing from it."""
        state = self.default()
        blocks: list[dict[str, str]] = [{}]
        for words in answers(output, "ringfence-services"):
            line = " ".join(words)
            name, equals, value = line.partition("=")
            if equals and name in PROPERTIES:
                blocks[-1][name] = value
            elif not line:
                blocks.append({})
            else:
                self._take(words, state)
        found = [block for block in blocks if block]
        if len(found) != len(self.asked_units):
            raise FactProcessError(
                f"systemd told of {len(found)} units, not {len(self.asked_units)}: is it running?"
            )
        state["units"] = {u: _unit(b) for u, b in zip(self.asked_units, found, strict=True)}
        return state

    def _take(self, words: list[str], state: ServicesState) -> None:
        match words:
            case ["changed", number, "absent"]:
                state["changed"][self.asked_paths[int(number)]] = None
            case ["changed", number, second]:
                state["changed"][self.asked_paths[int(number)]] = int(second)
            case ["title", number, *encoded]:
                title = base64.b64decode("".join(encoded)).decode(errors="replace")
                state["titles"][self.asked_titles[int(number)]] = title.strip()
            case ["succeeds", _, answer]:
                state["succeeds"].append(answer == "yes")
            case ["end"]:
                pass
            case _:
                raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")


def _unit(block: dict[str, str]) -> UnitState:
    reloaded = _second(block.get("StateChangeTimestamp", ""))
    return {
        "load": block.get("LoadState", ""),
        "active": block.get("ActiveState", ""),
        "file": block.get("UnitFileState", ""),
        "outdated": block.get("NeedDaemonReload") == "yes",
        "started": _second(block.get("ActiveEnterTimestamp", "")),
        "reloaded": reloaded if block.get("ReloadResult", "success") == "success" else 0,
    }


def _second(text: str) -> int:
    return int(text.removeprefix("@")) if text.startswith("@") else 0
