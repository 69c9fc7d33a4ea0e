"""Debian packages, installed so that no daemon starts before its configuration is there."""

from collections.abc import Generator

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.packages import Packages
from ringfence.facts.shell import call
from ringfence.operations.shell import library, named
from ringfence.operations.telling import would_change


@operation()
def installed(names: list[str]) -> Generator[StringCommand, None, None]:
    """Ensure that packages are installed and configured, in whatever version.

    A daemon that comes with them doesn't start: the role starts it once it is configured.
    Configuration files that are there stay. The package lists are fetched only when one of the
    packages isn't known, so a filled apt cache is enough offline.
    """
    wanted = [named(name, "the package") for name in names]
    state = host.get_fact(Packages, names=wanted)
    missing = [name for name in wanted if not state["installed"].get(name)]
    if not missing and not state["leftover"]:
        host.noop(f"installed: {', '.join(wanted)}")
        return
    would_change("installed", *(f"package {name}" for name in missing))
    lines = ["begin"]
    if missing:
        lines += ["close_gate", call("install_packages", *missing)]
    yield StringCommand(library("packages") + "\n".join(lines))
