"""Sandboxes of systemd's around services that packages, or a site, brought."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import OperationValueError
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.files import Tree
from ringfence.facts.sandboxes import Instance, Sandboxes, SandboxesState
from ringfence.facts.shell import call
from ringfence.operations.files import Directory, File, tree_command
from ringfence.operations.shell import library, named
from ringfence.operations.systemd import UNIT_DIRECTORY
from ringfence.operations.telling import did, would, would_edit

DROP_IN = "zz-ringfence-sandbox.conf"
"""It is read after those that packages and most administrators write."""


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """The settings of a service, as the content of a drop-in; empty where the unit has them itself.

    One that `waits` is not restarted while it runs: a restart would end calls.
    """

    unit: str
    settings: Sequence[str]
    """The names of what the drop-in, or the unit's own file, sets."""
    content: str
    waits: bool = False

    @property
    def directory(self) -> str:
        """Where its drop-in lies."""
        return f"{UNIT_DIRECTORY}/{self.unit}.d"

    @property
    def path(self) -> str:
        """Its drop-in."""
        return f"{self.directory}/{DROP_IN}"


@operation()
def sandboxed(sandboxes: list[Sandbox]) -> Generator[StringCommand, None, None]:
    """Ensure that services which the host has are sandboxed, and run so; others are passed over.

    Lines of administrators' drop-ins that are read later and say otherwise become comments. A
    service is restarted when a drop-in changed after its start, or when its process may gain
    privileges. One that doesn't run in its sandbox gets back what it was, and the operation fails.
    """
    _refuse(sandboxes)
    asked = {
        "units": {sandbox.unit: list(sandbox.settings) for sandbox in sandboxes},
        "drop_in": DROP_IN,
        "shipped": [sandbox.unit for sandbox in sandboxes if not sandbox.content],
    }
    state = host.get_fact(Sandboxes, **asked)
    written = [one for one in sandboxes if one.content and one.unit in state["instances"]]
    absent = [path for path in state["written"] if path not in [one.path for one in written]]
    files = [File(path=one.path, content=one.content) for one in written]
    directories = [Directory(path=one.directory) for one in written]
    paths = [*(one.path for one in directories), *(one.path for one in files), *absent]
    tree = host.get_fact(Tree, paths=paths, directories=[])
    command = tree_command(tree, files, directories, absent)
    _tell(sandboxes, state)
    if command is not None:
        yield command
        state = host.get_fact(Sandboxes, **asked)
    lines = [
        call("silence_drop_in", path, *map(str, found))
        for path, found in state["loosening"].items()
    ]
    if lines or command is not None or _outdated(state):
        lines.append("systemctl daemon-reload")
    due = _due(sandboxes, state)
    lines += [call("confine", name, one.path if one.content else "") for name, one in due.items()]
    if lines:
        opening = ["clean() { :; }", "undo() { :; }", "begin", "committed=yes"]
        libraries = library("tree") + library("services") + library("sandboxes")
        yield StringCommand(libraries + "\n".join([*opening, *lines]))
        for name in due:
            did("restart", name)
    elif command is None:
        host.noop(f"{len(state['instances'])} services of the host are sandboxed")


def _tell(sandboxes: Sequence[Sandbox], state: SandboxesState) -> None:
    """Tell a plan which services are restarted, now or for a drop-in that changes."""
    for name in _due(sandboxes, state):
        would("act", verb="restart", unit=name)
    would_edit(state["loosening"])
    for one in sandboxes:
        for name, instance in state["instances"].get(one.unit, {}).items():
            if not one.waits and instance["active"] and instance["started"]:
                would("unit", unit=name, restart_for=[one.path], reload_for=[])


def _due(sandboxes: Sequence[Sandbox], state: SandboxesState) -> dict[str, Sandbox]:
    """Return the services to be restarted, by the names of their instances."""
    return {
        name: one
        for one in sandboxes
        for name, instance in state["instances"].get(one.unit, {}).items()
        if not one.waits and _is_due(one, instance, one.unit in state["loosened"])
    }


def _outdated(state: SandboxesState) -> bool:
    return any(
        instance["outdated"] for found in state["instances"].values() for instance in found.values()
    )


def _is_due(sandbox: Sandbox, instance: Instance, loosened: bool) -> bool:
    if not instance["active"] or not instance["started"]:
        return False
    gains = "NoNewPrivileges" in sandbox.settings and instance["privileges"]
    return gains or instance["changed"] >= instance["started"] or loosened


def _refuse(sandboxes: Sequence[Sandbox]) -> None:
    seen: set[str] = set()
    for sandbox in sandboxes:
        named(sandbox.unit, "the unit")
        for setting in sandbox.settings:
            named(setting, "the setting")
        if sandbox.unit in seen:
            raise OperationValueError(f"the unit {sandbox.unit!r} is declared twice")
        seen.add(sandbox.unit)
