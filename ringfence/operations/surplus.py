"""What a host has and nobody needs: packages that go, units that are stopped."""

import re
from collections.abc import Generator, Sequence
from pathlib import PurePosixPath

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.shell import call
from ringfence.facts.surplus import ForeignDropIns, ForeignUnits, InstalledPackages
from ringfence.operations.shell import library, named
from ringfence.operations.telling import did, would

OPENING = ("clean() { :; }", "undo() { :; }", "begin", "committed=yes")
"""What a script with the functions of tree.sh begins with, when it stages nothing."""


@operation()
def packages(unwanted: list[str], remove: bool) -> Generator[StringCommand, None, None]:
    """Ensure that packages are not installed; without `remove` nothing is changed.

    A name may be a shell pattern. A package that others need stays, and is told; so do
    configuration files and data.
    """
    names = [_pattern(name) for name in unwanted]
    found = host.get_fact(InstalledPackages, names=names)
    if not remove or not found:
        host.noop(f"{len(found)} packages are installed that nothing declares")
        return
    yield _script("packages", ["begin", *(call("remove_package", name) for name in found)])


@operation()
def units(declared: list[str], stop: bool) -> Generator[StringCommand, None, None]:
    """Ensure that units come from packages or are declared; without `stop` nothing is changed.

    A file that replaces a package's unit is kept in /var/lib/ringfence/previous, and the package's
    own takes its place again; other units are stopped and disabled.
    """
    wanted = {named(unit, "the unit") for unit in declared}
    found = [unit for unit in host.get_fact(ForeignUnits) if unit not in wanted]
    if not stop or not found:
        host.noop(f"{len(found)} units start or run that nothing declares")
        return
    for unit in found:
        would("act", verb="stop", unit=unit)
    yield _script("tree", [*OPENING, *(call("stop_unit", unit) for unit in found)])
    for unit in found:
        did("stop", unit)


@operation()
def drop_ins(
    declared: list[str], own: list[str], remove: bool
) -> Generator[StringCommand, None, None]:
    """Ensure that nobody changed what units of packages do, but by the files of `own`.

    Units that are `declared` may be changed. Without `remove` nothing is; with it the files are
    kept in /var/lib/ringfence/previous, and units that they alone changed are started again if
    they run.
    """
    known, wanted = set(own), {named(unit, "the unit") for unit in declared}
    found = {
        path: units
        for path, units in host.get_fact(ForeignDropIns).items()
        if path not in known and not set(units) <= wanted
    }
    if not remove or not found:
        host.noop(f"{len(found)} files change units that nothing declares")
        return
    # What changes every unit of a kind is no reason to start all of them again; and what speaks on
    # the bus would lose it: dbus takes its changes at the next boot.
    running = dict.fromkeys(
        unit
        for path, units in found.items()
        for unit, runs in units.items()
        if runs and unit != "dbus.service" and PurePosixPath(path).parent.name == f"{unit}.d"
    )
    for path in found:
        would("removal", path=path)
    for unit in running:
        would("act", verb="restart", unit=unit)
    lines = [call("remove", path) for path in found]
    yield _script("tree", [*OPENING, *lines, call("start_again", *running)])
    for unit in running:
        did("restart", unit)


def _pattern(name: str) -> str:
    named(re.sub(r"[*?]|\[[a-z0-9-]+\]", "", name), "the package")
    return name


def _script(base: str, lines: Sequence[str]) -> StringCommand:
    return StringCommand(library(base) + library("surplus") + "\n".join(lines))
