"""Facts about what starts a host."""

import base64
from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, library


class BootMenuState(TypedDict):
    """What `BootMenu` found."""

    container: bool
    """whether another computer starts it"""
    grub: bool
    """whether GRUB's menu and the program that writes it are there"""
    current: bool
    """whether the menu has what the script of /etc/grub.d says"""
    waits: list[str]
    """the entries that nobody starts without a password"""


class BootMenu(FactBase[BootMenuState]):
    """GRUB's menu, and whether it has what a script of /etc/grub.d says."""

    def command(self, script: str) -> str:
        """Ask."""
        return library("boot_loader") + call("menu", script)

    @staticmethod
    def default() -> BootMenuState:
        """Return a host that something else than GRUB starts."""
        return {"container": False, "grub": False, "current": False, "waits": []}

    def process(self, output: list[str]) -> BootMenuState:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-boot-loader"):
            match words:
                case ["container"]:
                    state["container"] = True
                case ["grub"]:
                    state["grub"] = True
                case ["current"]:
                    state["current"] = True
                case ["waits", title]:
                    state["waits"].append(base64.b64decode(title).decode(errors="replace"))
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state
