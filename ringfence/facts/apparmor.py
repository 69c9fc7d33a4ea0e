"""Facts about AppArmor: whether the kernel has it on, its profiles, and who runs past them."""

from collections.abc import Sequence
from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, decoded, library


class Past(TypedDict):
    """A process whose program has a profile, and which runs without."""

    pid: str
    program: str
    unit: str
    """the service that it belongs to; `-` if none"""


class AppArmorState(TypedDict):
    """What `AppArmor` found."""

    container: bool
    """whether the kernel is another's"""
    enabled: bool
    """whether the kernel that runs has it on"""
    off: list[str]
    """files of boot loaders that turn it off for the next boot"""
    active: bool
    """whether the service that loads profiles at boot has done so"""
    loaded: dict[str, str]
    """the mode of each profile that the kernel has: enforce, complain, unconfined …"""
    declared: list[str]
    """the profiles of the files in /etc/apparmor.d that are not disabled"""
    weak: dict[str, list[str]]
    """files that are not as a package brought them and whose profiles complain or are unconfined,
    with the names of their profiles"""
    links: list[str]
    """what disables profiles, or lets them complain, from beside their files"""
    past: list[Past]


class AppArmor(FactBase[AppArmorState]):
    """What AppArmor does on a host now, and will after a boot; nothing of it in a container."""

    def command(self, parts: Sequence[str]) -> str:
        """Ask for some of it: `boot`, `loaded`, `declared`, `past`."""
        alone = "if systemd-detect-virt --quiet --container; then exit; fi"
        return library("apparmor") + "\n".join(["kernel", alone, *parts])

    @staticmethod
    def default() -> AppArmorState:
        """Return a state in which nothing is known."""
        return {
            "container": False,
            "enabled": False,
            "off": [],
            "active": False,
            "loaded": {},
            "declared": [],
            "weak": {},
            "links": [],
            "past": [],
        }

    def process(self, output: list[str]) -> AppArmorState:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-apparmor"):
            match words:
                case ["container"]:
                    state["container"] = True
                case ["enabled", answer]:
                    state["enabled"] = answer == "Y"
                case ["off", path]:
                    state["off"].append(decoded(path))
                case ["active"]:
                    state["active"] = True
                case ["loaded", name, mode]:
                    state["loaded"][decoded(name)] = mode
                case ["declared", name]:
                    state["declared"].append(decoded(name))
                case ["weak", path, name]:
                    state["weak"].setdefault(decoded(path), []).append(decoded(name))
                case ["link", path]:
                    state["links"].append(decoded(path))
                case ["past", pid, program, unit]:
                    state["past"].append({"pid": pid, "program": decoded(program), "unit": unit})
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state
