"""Core dumps: the memory of a process that dies, written to the disk (core(5)), forbidden."""

from collections.abc import Generator

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.core_dumps import CoreDumps
from ringfence.facts.shell import call
from ringfence.operations.shell import absolute, library, named
from ringfence.operations.telling import counted, would_change, would_edit


@operation()
def forbidden(limits: str) -> Generator[StringCommand, None, None]:
    """Ensure that no process, service or session may leave one; nothing is restarted for it.

    `limits` is the file of ours in /etc/security/limits.d. Lines of other files that give sessions
    a limit above 0 are turned into comments, and so are those of drop-ins of services;
    the limit of what runs is lowered while it runs (prlimit(1)).
    """
    state = host.get_fact(CoreDumps, path=absolute(limits))
    wrong: dict[str, list[str]] = {}
    for path, number in state["lines"]:
        wrong.setdefault(absolute(path), []).append(str(number))
    lines = [call("silence", path, *numbers) for path, numbers in wrong.items()]
    would_edit(wrong)
    numbers = [
        counted(len(state["services"]), "service"),
        counted(len(state["processes"]), "running process", "running processes"),
    ]
    would_change("may leave no core dump", *(one for one in numbers if not one.startswith("0 ")))
    if state["services"]:
        units = [named(unit, "the unit") for unit in state["services"]]
        lines.append(call("services_without", *units))
    if state["processes"]:
        lines.append(call("processes_without", *(str(pid) for pid in state["processes"])))
    if not lines:
        host.noop("no process may leave a core dump")
        return
    opening = ["clean() { :; }", "undo() { :; }", "begin", "committed=yes"]
    libraries = library("tree") + library("core_dumps")
    yield StringCommand(libraries + "\n".join([*opening, *lines]))
