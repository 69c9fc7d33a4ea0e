"""AppArmor: on in the kernel, its profiles loaded and enforcing, and no service past them."""

from collections.abc import Generator, Sequence

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.apparmor import AppArmor
from ringfence.facts.shell import call
from ringfence.operations.shell import library, named, plain
from ringfence.operations.telling import did, would, would_change

NEVER_RESTARTED = ("-", "dbus.service", "init.scope")
"""What only a boot, or somebody, can start anew: everything else depends on it."""


@operation()
def on_at_boot() -> Generator[StringCommand, None, None]:
    """Ensure that no boot loader turns AppArmor off; whether it is on now only a boot decides."""
    state = host.get_fact(AppArmor, parts=["boot"])
    if state["off"] and not state["container"]:
        would_change("no longer turns AppArmor off", *state["off"])
        yield _script([call("turn_on", *state["off"])])
    else:
        host.noop("no boot loader turns AppArmor off, or the kernel is another's")


@operation()
def enforced(complaining: list[str], disabled: list[str]) -> Generator[StringCommand, None, None]:
    """Ensure that the profiles of all files are loaded and enforce, but those that are declared.

    `disabled` are names of files. Profiles that Debian ships as unconfined are left alone: they
    give programs a right, and confine nothing.
    """
    for name in [*complaining, *disabled]:
        plain(name, "the profile")
    state = host.get_fact(AppArmor, parts=["loaded", "declared"])
    if state["container"] or not state["enabled"]:
        host.noop("the kernel is another's, or must be booted with AppArmor first")
        return
    weak = [path for path, names in state["weak"].items() if not set(names) <= set(complaining)]
    links = [path for path in state["links"] if _is_undeclared(path, complaining, disabled)]
    loaded = state["loaded"]
    missing = [name for name in state["declared"] if name not in loaded]
    wrong = [n for n, mode in loaded.items() if mode == "complain" and n not in complaining]
    for path in links:
        would("removal", path=path)
    would_change("enforces", *weak, *(f"profile {name}" for name in wrong))
    would_change("loaded", *(f"profile {name}" for name in missing))
    lines = [call("unlinked", path) for path in links]
    lines += [call("enforce", path) for path in weak]
    lines += [call("enforce_named", *wrong)] if wrong else []
    lines += ["load_profiles"] if missing or not state["active"] else []
    if lines:
        yield _script(lines)
    else:
        host.noop(f"{len(loaded)} profiles are loaded, and enforce or are declared not to")


@operation()
def confined(waiting: list[str]) -> Generator[StringCommand, None, None]:
    """Ensure that no service runs without the profile of its program, by restarting it.

    A service of `waiting` isn't restarted, nor is a process that belongs to none: they are told.
    """
    for unit in waiting:
        named(unit, "the unit")
    state = host.get_fact(AppArmor, parts=["past"])
    left = (*NEVER_RESTARTED, *waiting)
    units = dict.fromkeys(one["unit"] for one in state["past"] if one["unit"] not in left)
    if units and not state["container"]:
        for unit in units:
            would("act", verb="restart", unit=unit)
        yield _script([call("act", "restart", unit) for unit in units])
        for unit in units:
            did("restart", unit)
    else:
        host.noop("no service that may be restarted runs without its profile")


def _is_undeclared(link: str, complaining: Sequence[str], disabled: Sequence[str]) -> bool:
    place, _, name = link.rpartition("/")
    return name not in (disabled if place.endswith("/disable") else complaining)


def _script(lines: Sequence[str]) -> StringCommand:
    opening = ["clean() { :; }", "undo() { :; }", "begin", "committed=yes"]
    libraries = library("tree") + library("services") + library("apparmor")
    return StringCommand(libraries + "\n".join([*opening, *lines]))
