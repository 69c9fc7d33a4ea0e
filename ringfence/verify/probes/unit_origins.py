"""Where the units of a host come from: a package, or somebody's hand."""

import shlex
from dataclasses import dataclass
from typing import Any

KINDS = "service,socket,timer,path"
PACKAGED = "cat /var/lib/dpkg/info/*.list | grep -E '/systemd/system/.|^/etc/init\\.d/.'"
AT_BOOT = f"systemctl list-unit-files --type={KINDS} --no-legend --no-pager --plain"
NOW = f"systemctl list-units --type={KINDS} --no-legend --no-pager --plain"
ALIVE = {"active", "activating", "reloading", "refreshing", "deactivating"}
STARTS = {"enabled", "enabled-runtime", "linked", "linked-runtime"}
ASKED = "sed -n 's,^0::,,p' /proc/self/cgroup"
"""The control group of the question itself."""


@dataclass(frozen=True)
class Unit:
    """A unit, and the file that it was made from."""

    name: str
    file: str

    def __str__(self) -> str:
        return f"{self.name} ({self.file or 'no file'})"


def at_boot(host: Any) -> list[Unit]:
    """Return the units that start at boot; a template stands for all of its instances."""
    rows = [line.split() for line in host.check_output(AT_BOOT).splitlines()]
    return _units(host, [row[0] for row in rows if len(row) > 1 and row[1] in STARTS])


def running(host: Any) -> list[Unit]:
    """Return the units that are active now, but the one in which this is asked."""
    own = host.check_output(ASKED).strip().split("/")
    rows = [line.split() for line in host.check_output(NOW).splitlines()]
    alive = [row[0] for row in rows if len(row) > 2 and row[2] in ALIVE and row[0] not in own]
    return _units(host, alive)


def foreign(host: Any, units: list[Unit]) -> list[Unit]:
    """Return the units that no package brought; what a generator made counts by what it read."""
    packaged = {path.removeprefix("/usr") for path in host.check_output(PACKAGED).splitlines()}
    return [unit for unit in units if unit.file and unit.file.removeprefix("/usr") not in packaged]


def changes(host: Any) -> list[Unit]:
    """Return each unit that a drop-in changes which no package brought, with the drop-in's path.

    What a generator made at boot is left out: it comes from what it read.
    """
    packaged = {path.removeprefix("/usr") for path in host.check_output(PACKAGED).splitlines()}
    found = []
    rows = [line.split() for line in host.check_output(AT_BOOT).splitlines()]
    rows += [line.split() for line in host.check_output(NOW).splitlines()]
    # A template itself has no properties; and a service that a timer starts is loaded by asking.
    asked = sorted({row[0].replace("@.", "@any.") for row in rows if row})
    words = " ".join(map(shlex.quote, asked))
    shown = host.check_output(f"systemctl show -p Id,DropInPaths -- {words}")
    for block in shown.split("\n\n"):
        properties = dict(line.partition("=")[::2] for line in block.splitlines())
        found += [
            Unit(properties["Id"], path)
            for path in properties.get("DropInPaths", "").split()
            if path.removeprefix("/usr") not in packaged
            and not path.startswith("/run/systemd/generator")
        ]
    return sorted(found, key=lambda unit: (unit.name, unit.file))


def _units(host: Any, names: list[str]) -> list[Unit]:
    if not names:
        return []
    # A template itself has no properties; an instance of it has those of its file.
    asked = sorted({name.replace("@.", "@any.") for name in names})
    words = " ".join(map(shlex.quote, asked))
    wanted = "Id,LoadState,FragmentPath,SourcePath"
    shown = host.check_output(f"systemctl show -p {wanted} -- {words}")
    found = set()
    for block in shown.split("\n\n"):
        properties = dict(line.partition("=")[::2] for line in block.splitlines())
        # A package's unit that was masked while it ran is still the package's.
        name = properties.get("Id", "")
        if name and properties.get("LoadState") != "masked":
            file, source = properties.get("FragmentPath", ""), properties.get("SourcePath", "")
            if file.startswith("/run/systemd/generator"):
                file = source if source.startswith("/etc/init.d/") else ""
            found.add(Unit(name, file))
    return sorted(found, key=lambda unit: unit.name)
