"""Facts about radios: Wi-Fi and Bluetooth."""

import base64
from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, library


class Radio(TypedDict):
    """A radio that may send."""

    how: str
    """`up`, an interface, or `unblocked`, a switch of rfkill"""
    kind: str
    """wireless or bluetooth"""
    name: str


class RadiosState(TypedDict):
    """What `Radios` found."""

    radios: list[Radio]
    networks: dict[str, str]
    """each file that knows a wireless network, with its key management (`open` for none)"""


class Radios(FactBase[RadiosState]):
    """The radios that may send, and the wireless networks that the host knows."""

    def command(self) -> str:
        """Ask for both."""
        return library("radios") + "radios\nnetworks"

    @staticmethod
    def default() -> RadiosState:
        """Return none."""
        return {"radios": [], "networks": {}}

    def process(self, output: list[str]) -> RadiosState:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-radios"):
            match words:
                case ["up" | "unblocked" as how, kind, name]:
                    state["radios"].append({"how": how, "kind": kind, "name": name})
                case ["network", path, management]:
                    text = base64.b64decode(path).decode(errors="backslashreplace")
                    state["networks"][text] = management.lower()
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state
