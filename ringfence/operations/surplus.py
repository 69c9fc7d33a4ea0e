"""What a host has and nobody needs: packages that go, units that are stopped."""

import re
from collections.abc import Generator, Sequence
from pathlib import PurePosixPath

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.shell import call
from ringfence.facts.surplus import Foreign, InstalledPackages
from ringfence.operations.shell import absolute, library, named
from ringfence.operations.telling import did, would, would_change

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
    would_change("removed, unless others need it", *(f"package {name}" for name in found))
    yield _script("packages", ["begin", *(call("remove_package", name) for name in found)])


@operation()
def units(
    declared: list[str], changed: list[str], own: list[str], remove: bool
) -> Generator[StringCommand, None, None]:
    """Ensure that units, and what changes them, come from packages or are declared.

    Without `remove` nothing is changed. With it a file that replaces a package's unit is kept in
    /var/lib/ringfence/previous, and the package's own takes its place again; other units are
    stopped and disabled. Drop-ins are kept there too, and units that they alone changed are started
    again if they run.

    Args:
        declared: units that may start and run; a template stands for its instances.
        changed: units that drop-ins may change.
        own: paths of drop-ins that may change any.
        remove: whether the others go.
    """
    may_run = {named(unit, "the unit") for unit in declared}
    may_change = {named(unit, "the unit") for unit in changed}
    found = host.get_fact(Foreign, own=[absolute(path) for path in own])
    foreign = [unit for unit in found["units"] if not {unit, _template(unit)} & may_run]
    drop_ins = {
        path: units
        for path, units in found["drop_ins"].items()
        if path not in own and not set(units) <= may_change
    }
    if not remove or not (foreign or drop_ins):
        told = f"{len(foreign)} units start or run, and {len(drop_ins)} files change units"
        host.noop(f"{told}, that nothing declares")
        return
    if foreign:
        yield from _stop(foreign)
    if drop_ins:
        yield from _remove(drop_ins)


def _template(unit: str) -> str:
    """Return the template of an instance, `alert@.service`; of another unit its own name."""
    name, at, _ = unit.partition("@")
    return f"{name}@.{unit.rpartition('.')[2]}" if at else unit


def _stop(units: list[str]) -> Generator[StringCommand, None, None]:
    for unit in units:
        would("act", verb="stop", unit=unit)
    yield _script("tree", [*OPENING, *(call("stop_unit", unit) for unit in units)])
    for unit in units:
        did("stop", unit)


def _remove(drop_ins: dict[str, dict[str, bool]]) -> Generator[StringCommand, None, None]:
    # What changes every unit of a kind is no reason to start all of them again; and what speaks on
    # the bus would lose it: dbus takes its changes at the next boot.
    running = dict.fromkeys(
        unit
        for path, units in drop_ins.items()
        for unit, runs in units.items()
        if runs and unit != "dbus.service" and PurePosixPath(path).parent.name == f"{unit}.d"
    )
    for path in drop_ins:
        would("removal", path=path)
    for unit in running:
        would("act", verb="restart", unit=unit)
    lines = [call("remove", path) for path in drop_ins]
    yield _script("tree", [*OPENING, *lines, call("start_again", *running)])
    for unit in running:
        did("restart", unit)


def _pattern(name: str) -> str:
    named(re.sub(r"[*?]|\[[a-z0-9-]+\]", "", name), "the package")
    return name


def _script(base: str, lines: Sequence[str]) -> StringCommand:
    return StringCommand(library(base) + library("surplus") + "\n".join(lines))
