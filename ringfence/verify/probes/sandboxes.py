"""Sandboxes of services: what systemd says of them, how exposed they are, what processes have."""

import re
import shlex
from dataclasses import dataclass
from typing import Any

EXPOSURE = re.compile(r"exposure level for (\S+): ([0-9.]+)")
ASKED = ("Id", "LoadState", "MainPID", "ExecMainStartTimestamp")
PROCESS = """\
for p in {pids}; do
    sed -n "s/^NoNewPrivs:/$p privileges/p; s/^Seccomp_filters:/$p filters/p" /proc/$p/status
    cut -d' ' -f5,6 /proc/$p/mountinfo | sed -nE "s,^(/|/usr) (r[ow]).*,$p mount \\1 \\2,p"
done"""


@dataclass(frozen=True)
class Service:
    """A service that the manager has loaded, by what it says."""

    name: str
    properties: dict[str, str]

    @property
    def pid(self) -> str:
        """The number of its main process; `0` when it doesn't run."""
        return self.properties.get("MainPID", "0")

    @property
    def template(self) -> str:
        """The unit that it is an instance of, or its own name."""
        return re.sub(r"@.+\.service$", "@.service", self.name)


@dataclass
class Process:
    """What the kernel says of a process."""

    gains_privileges: bool = True
    filters: int = 0
    """How many filters of system calls it has."""
    usr: str = "missing"
    """Whether it may write programs: `ro` or `rw`."""


def services(host: Any, units: list[str], settings: list[str]) -> list[Service]:
    """Return those of the units that the host has, with their settings; templates by instances."""
    asked = " ".join(shlex.quote(unit.replace("@.", "@*.")) for unit in units)
    wanted = ",".join([*ASKED, *settings])
    text = host.check_output(f"systemctl show -p {wanted} -- {asked}")
    found = []
    for block in text.split("\n\n"):
        properties = dict(line.partition("=")[::2] for line in block.splitlines())
        if properties.get("LoadState") not in (None, "not-found", "masked"):
            found.append(Service(properties["Id"], properties))
    return found


def exposures(host: Any, names: list[str]) -> dict[str, float]:
    """Return how exposed services are, from 0 to 10, as systemd-analyze computes it."""
    words = " ".join(map(shlex.quote, names))
    text = host.run(
        f"for one in {words}; do systemd-analyze security --no-pager -- $one | tail -n 1; done"
    ).stdout
    return {name: float(level) for name, level in EXPOSURE.findall(text)}


def processes(host: Any, pids: list[str]) -> dict[str, Process]:
    """Return what the kernel says of processes; of pid 1 too, whose filters all others have."""
    found: dict[str, Process] = {}
    text = host.run(PROCESS.format(pids=" ".join(["1", *pids]))).stdout
    for pid, kind, *rest in (line.split() for line in text.splitlines()):
        process = found.setdefault(pid, Process())
        match kind, rest:
            case "privileges", [answer]:
                process.gains_privileges = answer != "1"
            case "filters", [number]:
                process.filters = int(number)
            case "mount", [place, option]:
                # The mount of /usr counts, or else that of /; of several at one place the last.
                if place == "/usr" or process.usr == "missing":
                    process.usr = option
    return found
