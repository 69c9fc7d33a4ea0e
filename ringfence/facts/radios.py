"""Facts about radios: Wi-Fi and Bluetooth."""

from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, decoded, library


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
                    text = decoded(path)
                    state["networks"][text] = management.lower()
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state


class AddressesState(TypedDict):
    """What `Addresses` found."""

    showing: list[tuple[str, int]]
    """path and number of each line by which NetworkManager shows a card's own address"""
    behind: bool
    """whether NetworkManager runs, and has not read our file yet"""


class Addresses(FactBase[AddressesState]):
    """By which addresses wireless cards are seen, as far as NetworkManager is told."""

    def command(self, path: str) -> str:
        """Ask, with the path of our file."""
        return library("radios") + call("addresses", path)

    @staticmethod
    def default() -> AddressesState:
        """Return a state in which nothing is told."""
        return {"showing": [], "behind": False}

    def process(self, output: list[str]) -> AddressesState:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-radios"):
            match words:
                case ["shows", path, number]:
                    text = decoded(path)
                    state["showing"].append((text, int(number)))
                case ["behind"]:
                    state["behind"] = True
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state
