"""Facts about Debian packages."""

from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, library


class PackagesState(TypedDict):
    """What `Packages` found."""

    installed: dict[str, bool]
    """whether each package is installed and configured"""
    leftover: bool
    """whether an interrupted run left its policy-rc.d, which keeps every daemon from starting"""


class Packages(FactBase[PackagesState]):
    """Which packages are installed and configured."""

    names: list[str]

    def command(self, names: list[str]) -> str:
        """Ask for packages by name."""
        self.names = list(names)
        lines = [call("package", str(number), name) for number, name in enumerate(self.names)]
        return library("packages") + "\n".join(lines)

    @staticmethod
    def default() -> PackagesState:
        """Return a state in which nothing is installed."""
        return {"installed": {}, "leftover": False}

    def process(self, output: list[str]) -> PackagesState:
        """Parse dpkg's letters (dpkg-query(1)): the second is `i` when the package is installed."""
        state = self.default()
        for words in answers(output, "ringfence-packages"):
            match words:
                case ["package", number, letters]:
                    state["installed"][self.names[int(number)]] = letters[1:2] == "i"
                case ["package", number]:
                    state["installed"][self.names[int(number)]] = False
                case ["leftover"]:
                    state["leftover"] = True
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state
