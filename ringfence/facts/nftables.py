"""Facts about what a host filters: its rules, its listeners, and who is being let in right now."""

import base64
import re
from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, library

ELEMENTS = re.compile(r"^\s*elements = \{[^}]*\}\n", re.MULTILINE)


class RulesetState(TypedDict):
    """What `Ruleset` found, each as `nft -s list ruleset` writes it, without elements of sets."""

    running: str | None
    """what the kernel filters by; None where nft is missing"""
    loaded: str | None
    """what loading the file gives; None where it can't be loaded"""


class Ruleset(FactBase[RulesetState]):
    """What the kernel filters by, and what it would filter by after loading a file."""

    def command(self, path: str) -> str:
        """Ask about the file at `path`, which is loaded in a network namespace of its own."""
        return library("nftables") + call("ruleset", path)

    @staticmethod
    def default() -> RulesetState:
        """Return a state without nft."""
        return {"running": None, "loaded": None}

    def process(self, output: list[str]) -> RulesetState:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-nftables"):
            match words:
                case ["running", *encoded]:
                    state["running"] = _listing(encoded)
                case ["loaded", *encoded]:
                    state["loaded"] = _listing(encoded) or None
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state


class OperatorState(TypedDict):
    """The ssh connection by which this run came in, as the host sees it."""

    address: str
    """of the client; empty where there is no such connection"""
    port: int
    """of this host's sshd"""


class Operator(FactBase[OperatorState]):
    """Which ssh connection this run came in by."""

    def command(self) -> str:
        """Ask for it."""
        return library("nftables") + "operator"

    @staticmethod
    def default() -> OperatorState:
        """Return no connection."""
        return {"address": "", "port": 0}

    def process(self, output: list[str]) -> OperatorState:
        """Parse what SSH_CONNECTION (ssh(1)) says. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-nftables"):
            match words:
                case ["operator", address, port]:
                    state = {"address": address.partition("%")[0], "port": int(port)}
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state


class Forwarding(FactBase[dict[str, str]]):
    """The kernel's switches of forwarding: `ipv4/all` … and `0` or `1`."""

    def command(self) -> str:
        """Ask for every interface's."""
        return library("nftables") + "forwarding"

    @staticmethod
    def default() -> dict[str, str]:
        """Return none."""
        return {}

    def process(self, output: list[str]) -> dict[str, str]:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-nftables"):
            match words:
                case ["forwarding", path, value]:
                    family, _, interface, _ = path.removeprefix("/proc/sys/net/").split("/", 3)
                    state[f"{family}/{interface}"] = value
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state


class ListenerState(TypedDict):
    """One socket that takes connections or datagrams from anybody."""

    protocol: str
    address: str
    """`*`, an IP address, without brackets and scope"""
    port: int
    process: str
    """`?` where no process of the host holds it"""
    unit: str
    """the systemd service that the process belongs to, or `?`"""


class Listeners(FactBase[list[ListenerState]]):
    """The sockets that listen."""

    def command(self) -> str:
        """Ask for all of them."""
        return library("nftables") + "listeners"

    @staticmethod
    def default() -> list[ListenerState]:
        """Return none."""
        return []

    def process(self, output: list[str]) -> list[ListenerState]:
        """Parse the answer. Raises FactProcessError for anything else."""
        found: list[ListenerState] = []
        for words in answers(output, "ringfence-nftables"):
            match words:
                case ["listener", protocol, local, process, unit]:
                    address, _, port = local.rpartition(":")
                    found.append(
                        {
                            "protocol": protocol,
                            "address": address.partition("%")[0].strip("[]"),
                            "port": int(port),
                            "process": process,
                            "unit": unit,
                        }
                    )
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return found


def _listing(encoded: list[str]) -> str:
    text = base64.b64decode("".join(encoded)).decode(errors="backslashreplace")
    return ELEMENTS.sub("", text)
