"""Where the units of a host come from: a package, or somebody's hand."""

from dataclasses import dataclass
from typing import Any

from ringfence.verify.probes import units

PACKAGED = "cat /var/lib/dpkg/info/*.list | grep -E '/systemd/system/.|^/etc/init\\.d/.'"
ALIVE = {"active", "activating", "reloading", "refreshing", "deactivating"}
STARTS = {"enabled", "enabled-runtime", "linked", "linked-runtime"}


@dataclass(frozen=True)
class Unit:
    """A unit, and the file that it was made from."""

    name: str
    file: str

    def __str__(self) -> str:
        return f"{self.name} ({self.file or 'no file'})"


def at_boot(host: Any) -> list[Unit]:
    """Return the units that start at boot, each instance of a template for itself."""
    enabled = {name for name, state in units.files(host).items() if state in STARTS}
    return _units(host, sorted(enabled.union(units.linked(host))))


def running(host: Any) -> list[Unit]:
    """Return the units that are active now, but the one in which this is asked."""
    return _units(host, [name for name, state in units.loaded(host).items() if state in ALIVE])


def foreign(host: Any, found: list[Unit]) -> list[Unit]:
    """Return the units that no package brought; what a generator made counts by what it read."""
    packaged = {path.removeprefix("/usr") for path in host.check_output(PACKAGED).splitlines()}
    return [unit for unit in found if unit.file and unit.file.removeprefix("/usr") not in packaged]


def changes(host: Any) -> list[Unit]:
    """Return each unit that a drop-in changes which no package brought, with the drop-in's path.

    What a generator made at boot is left out: it comes from what it read.
    """
    packaged = {path.removeprefix("/usr") for path in host.check_output(PACKAGED).splitlines()}
    found = {
        Unit(values["Id"], path)
        for values in units.properties(host).values()
        for path in values.get("DropInPaths", "").split()
        if path.removeprefix("/usr") not in packaged
        and not path.startswith("/run/systemd/generator")
    }
    return sorted(found, key=lambda unit: (unit.name, unit.file))


def _units(host: Any, names: list[str]) -> list[Unit]:
    known = units.properties(host)
    found = set()
    for values in (known[name] for name in names):
        # A package's unit that was masked while it ran is still the package's.
        if values["LoadState"] != "masked":
            file, source = values.get("FragmentPath", ""), values.get("SourcePath", "")
            if file.startswith("/run/systemd/generator"):
                file = source if source.startswith("/etc/init.d/") else ""
            found.add(Unit(values["Id"], file))
    return sorted(found, key=lambda unit: unit.name)
