"""Facts about a host's kernel: modules, settings, mount options."""

from collections.abc import Sequence
from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, decoded, library


class Value(TypedDict):
    """One setting that the kernel has."""

    name: str
    """as it was asked for, `*` for each interface"""
    path: str
    value: str
    can_change: bool
    """whether root can change it; not in a container whose kernel is another's"""


class KernelState(TypedDict):
    """What `Kernel` found."""

    container: bool
    loaded: list[str]
    """modules that are loaded and can be unloaded"""
    held: list[str]
    """modules that are loaded and in use, or that have no way out"""
    values: list[Value]
    vanishing: bool
    """whether /etc/sysctl.conf has settings and is not read at boot"""
    lines: list[tuple[str, int, str]]
    """path, number and text of each setting in other files"""
    advertised: list[str]
    """interfaces whose default route is a router's advertisement"""
    mounted: dict[str, list[str]]
    """options of each directory; none when it is no mount of its own"""


class Kernel(FactBase[KernelState]):
    """What the kernel is told now, and by which files."""

    def command(
        self,
        modules: Sequence[str] = (),
        names: Sequence[str] = (),
        path: str = "",
        directories: Sequence[str] = (),
    ) -> str:
        """Ask for modules, settings by name, the lines of files beside `path`, directories."""
        lines = ["kind", "advertised"]
        lines += [call("loaded", *modules)] if modules else []
        lines += [call("values", *names)] if names else []
        lines += ["vanishing", call("lines", path)] if path else []
        lines += [call("mounted", *directories)] if directories else []
        return library("kernel") + "\n".join(lines)

    @staticmethod
    def default() -> KernelState:
        """Return a state in which nothing is known."""
        return {
            "container": False,
            "loaded": [],
            "held": [],
            "values": [],
            "vanishing": False,
            "lines": [],
            "advertised": [],
            "mounted": {},
        }

    def process(self, output: list[str]) -> KernelState:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-kernel"):
            match words:
                case ["container"]:
                    state["container"] = True
                case ["vanishing"]:
                    state["vanishing"] = True
                case ["loaded", module]:
                    state["loaded"].append(module)
                case ["held", module]:
                    state["held"].append(module)
                case ["advertised", device]:
                    state["advertised"].append(device)
                case ["value", name, path, can, *value]:
                    state["values"].append(
                        {
                            "name": decoded(name),
                            "path": decoded(path),
                            "value": "\t".join(decoded("".join(value)).split()),
                            "can_change": can == "open",
                        }
                    )
                case ["line", path, line]:
                    number, _, text = decoded(line).partition(":")
                    state["lines"].append((decoded(path), int(number), text))
                case ["mounted", path, options]:
                    found = [] if options == "-" else options.split(",")
                    state["mounted"][decoded(path)] = found
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state
