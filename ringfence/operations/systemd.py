"""systemd: unit files, and services whose restart is decided from the host's state."""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import OperationValueError
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.files import Tree
from ringfence.facts.shell import call
from ringfence.facts.systemd import UNKNOWN, Services, ServicesState, UnitState
from ringfence.operations.files import STAGE, File, tree_command
from ringfence.operations.shell import absolute, library, named, plain
from ringfence.operations.telling import did, would

UNIT_DIRECTORY = "/etc/systemd/system"
ADMINISTRATOR_ROOTS = (
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
)
"""Where an administrator's units and drop-ins lie (systemd.unit(5), "Unit File Load Path")."""

VERIFY = ("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", STAGE)
ENABLED = ("enabled", "static", "generated", "alias")
"""What systemctl(1) says of a unit that a boot starts, or that has nothing to be enabled by."""


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A unit file of ours in /etc/systemd/system. Whatever overrides it is removed."""

    name: str
    content: str

    @property
    def path(self) -> str:
        """The file."""
        return f"{UNIT_DIRECTORY}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Service:
    """A unit (service, timer, socket …) and how it must be.

    It is restarted when a path of `restart_for` changed after its start, or when the command line
    of its main process doesn't begin with `title`; reloaded when a path of `reload_for` changed
    after its last reload. `ready` is a command that succeeds once the service answers. It is
    restarted, too, when the command `check` fails: somebody told it, while it runs, what no file
    says.
    """

    unit: str
    running: bool | None = True
    enabled: bool | None = True
    masked: bool = False
    restart_for: Sequence[str] = ()
    reload_for: Sequence[str] = ()
    title: str | None = None
    ready: Sequence[str] = ()
    check: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Oneshot:
    """A unit of Type=oneshot, started when it failed, and when its product is missing, too old,
    older than one of the paths in `newer_than`, or refused by the command `check`."""

    unit: str
    product: str
    max_age: int
    """seconds"""
    newer_than: Sequence[str] = ()
    check: Sequence[str] = ("true",)


@operation()
def units(units: list[Unit]) -> Generator[StringCommand, None, None]:
    """Ensure that our unit files are in place, verified, and read by the manager."""
    files = [_unit_file(unit) for unit in units]
    absent = [path for unit in units for path in _overrides(unit)]
    tree = host.get_fact(Tree, paths=[file.path for file in files] + absent, directories=[])
    command = tree_command(tree, files, [], absent)
    # systemd says nothing of a template itself.
    asked = [unit.name.replace("@.", "@any.") for unit in units]
    found = host.get_fact(Services, units=asked)["units"].values()
    if command is not None:
        yield command
    # The manager reads a unit that it doesn't know by itself when it is first wanted.
    known = any(unit["load"] != "not-found" for unit in found)
    if (command is not None and known) or any(unit["outdated"] for unit in found):
        yield StringCommand("systemctl daemon-reload")
    elif command is None:
        host.noop(f"{len(files)} unit files are as declared")


@operation()
def services(
    services: list[Service] | None = None, oneshots: list[Oneshot] | None = None
) -> Generator[StringCommand, None, None]:
    """Ensure that services are enabled and running as declared, with their present configuration.

    What the host says decides, not what this run changed: a run that died between a file and a
    restart heals at the next. Services that must not run are stopped before the others start.
    """
    services, oneshots = services or [], oneshots or []
    _refuse(services, oneshots)
    state = host.get_fact(
        Services,
        units=_units(services, oneshots),
        paths=_paths(services, oneshots),
        titles=[service.unit for service in services if service.title],
        commands=[
            *(words for one in oneshots for words in (list(one.check), _is_recent(one))),
            *(list(service.check) for service in services if service.check),
        ],
    )
    commands = list(_commands(services, oneshots, state))
    for service in services:
        if service.running and not service.masked:
            would(
                "unit",
                unit=service.unit,
                restart_for=list(service.restart_for),
                reload_for=list(service.reload_for),
            )
    for one in commands:
        for unit in one.units:
            would("act", verb=one.verb, unit=unit)
    if not commands:
        host.noop(f"{len(services) + len(oneshots)} units are as declared")
    for one in commands:
        yield one.command
        for unit in one.units:
            did(one.verb, unit)


def drop_in_directories(unit: str) -> list[str]:
    """Return the directories in which an administrator's drop-ins for a unit may lie."""
    return [f"{root}/{unit}.d" for root in ADMINISTRATOR_ROOTS]


def replacements(unit: str) -> list[str]:
    """Return where a file, or a mask, of an administrator may replace a unit."""
    return [f"{root}/{unit}" for root in ADMINISTRATOR_ROOTS]


def _overrides(unit: Unit) -> list[str]:
    paths = drop_in_directories(unit.name) + replacements(unit.name)
    return [path for path in paths if path != unit.path]


def _unit_file(unit: Unit) -> File:
    named(unit.name, "the unit")
    return File(path=unit.path, content=unit.content, validators=[VERIFY])


class _Command:
    """A command, and what it does to which units; no verb where their users see nothing."""

    def __init__(self, command: StringCommand, verb: str = "", *units: str) -> None:
        self.command = command
        self.verb = verb
        self.units = units


def _commands(
    services: Sequence[Service], oneshots: Sequence[Oneshot], state: ServicesState
) -> Generator[_Command, None, None]:
    # Debian 12's systemd calls a masked unit outdated for ever where service.d has a drop-in.
    read = [unit for unit in state["units"].values() if unit["load"] != "masked"]
    if any(unit["outdated"] for unit in read):
        yield _Command(StringCommand("systemctl daemon-reload"))
    stopped = []
    told = _told_otherwise(services, state, 2 * len(oneshots))
    yield from _masked(services, state)
    for service in services:
        found = _found(service.unit, state)
        yield from _unwanted(service, found)
        if service.running is False and _runs(found):
            stopped.append(service.unit)
    wanted = [service for service in services if not service.masked]
    if new := [service.unit for service in wanted if _is_to_be_enabled(service, state)]:
        # All at once: the manager reads all its files anew each time.
        yield _Command(StringCommand(call("systemctl", "enable", "--", *new)))
    for service in wanted:
        found = _found(service.unit, state)
        if verb := "restart" if service.unit in told else _verb(service, state, stopped):
            does = verb if _runs(found) else "start"
            yield _Command(_settled(verb, service), does, service.unit)
    for number, oneshot in enumerate(oneshots):
        good = state["succeeds"][2 * number : 2 * number + 2] == [True, True]
        failed = _found(oneshot.unit, state)["active"] == "failed"
        if failed or not good or _is_old(oneshot, state):
            lines = [call("settle", *oneshot.newer_than), call("start_anew", oneshot.unit)]
            yield _Command(_script(lines), "run", oneshot.unit)


def _is_to_be_enabled(service: Service, state: ServicesState) -> bool:
    found = _found(service.unit, state)
    return bool(service.enabled) and found["file"] not in ENABLED


def _told_otherwise(services: Sequence[Service], state: ServicesState, first: int) -> list[str]:
    """Return the units whose check failed; `first` is the place of the first one's answer."""
    checked = [service.unit for service in services if service.check]
    answers = state["succeeds"][first:]
    return [
        unit
        for unit, good in zip(checked, answers, strict=False)
        if not good and _found(unit, state)["active"] == "active"
    ]


def _found(unit: str, state: ServicesState) -> UnitState:
    """Return a unit's state; when the fact failed, pyinfra goes on with its default for a while."""
    return state["units"].get(unit, UNKNOWN)


def _unwanted(service: Service, found: UnitState) -> Generator[_Command, None, None]:
    if service.masked:
        return
    if found["load"] == "masked" and (service.running or service.enabled):
        yield _Command(StringCommand(call("systemctl", "unmask", "--", service.unit)))
    if service.enabled is False and found["file"].startswith(("enabled", "linked")):
        yield _Command(StringCommand(call("systemctl", "disable", "--", service.unit)))
    if service.running is False and _runs(found):
        yield _Command(
            StringCommand(call("systemctl", "stop", "--", service.unit)), "stop", service.unit
        )


def _masked(services: Sequence[Service], state: ServicesState) -> Generator[_Command, None, None]:
    found = {one.unit: _found(one.unit, state) for one in services if one.masked}
    if new := [unit for unit, its in found.items() if its["load"] != "masked" or _runs(its)]:
        # All at once, as with what is to be enabled.
        running = tuple(unit for unit in new if _runs(found[unit]))
        yield _Command(_mask(new), "stop" if running else "", *running)


def _mask(units: Sequence[str]) -> StringCommand:
    """Return what masks units; a file of somebody's in a mask's place is kept elsewhere."""
    lines = ["clean() { :; }", "undo() { :; }", "begin", "committed=yes"]
    for path in (f"{UNIT_DIRECTORY}/{unit}" for unit in units):
        lines.append(f"[ ! -f {call(path)} ] || [ -L {call(path)} ] || {call('remove', path)}")
    lines.append(call("systemctl", "mask", "--now", "--", *units))
    return StringCommand(library("tree") + "\n".join(lines))


def _verb(service: Service, state: ServicesState, stopped: Sequence[str]) -> str | None:
    """Return restart, reload or None. An inactive unit is restarted too, which starts it."""
    found = _found(service.unit, state)
    if not service.running:
        return None
    inherited_socket = f"{service.unit.removesuffix('.service')}.socket" in stopped
    if found["active"] != "active" or found["outdated"] or inherited_socket:
        return "restart"
    if service.title and not state["titles"].get(service.unit, "").startswith(service.title):
        return "restart"
    if _newest(service.restart_for, state) >= found["started"]:
        return "restart"
    if _newest(service.reload_for, state) >= max(found["started"], found["reloaded"]):
        return "reload"
    return None


def _settled(verb: str, service: Service) -> StringCommand:
    lines = [
        call("settle", *service.restart_for, *service.reload_for),
        call("act", verb, service.unit),
    ]
    if service.ready:
        lines.append(call("ready", service.unit, *service.ready))
    return _script(lines)


def _script(lines: Iterable[str]) -> StringCommand:
    return StringCommand(library("services") + "\n".join(lines))


def _runs(found: UnitState) -> bool:
    return found["active"] in ("active", "activating", "reloading", "refreshing", "deactivating")


def _is_recent(oneshot: Oneshot) -> list[str]:
    """Return a command that fails for a product that is too old, or from the future.

    The host compares, so that an answer stays the same while its meaning does.
    """
    age = 'age=$(($(date +%s) - $(stat -c %Z -- "$2"))) && [ "$age" -ge -1 ] && [ "$age" -le "$1" ]'
    return ["sh", "-c", age, "age", str(oneshot.max_age), oneshot.product]


def _is_old(oneshot: Oneshot, state: ServicesState) -> bool:
    made = state["changed"].get(oneshot.product)
    return made is None or _newest(oneshot.newer_than, state) >= made


def _newest(paths: Iterable[str], state: ServicesState) -> int:
    """Return the second of the newest change; -1 when none of the paths exists."""
    return max((state["changed"].get(path) or -1 for path in paths), default=-1)


def _units(services: Sequence[Service], oneshots: Sequence[Oneshot]) -> list[str]:
    return [service.unit for service in services] + [oneshot.unit for oneshot in oneshots]


def _paths(services: Sequence[Service], oneshots: Sequence[Oneshot]) -> list[str]:
    paths = [path for service in services for path in (*service.restart_for, *service.reload_for)]
    paths += [path for oneshot in oneshots for path in (oneshot.product, *oneshot.newer_than)]
    return list(dict.fromkeys(paths))


def _refuse(services: Sequence[Service], oneshots: Sequence[Oneshot]) -> None:
    seen: set[str] = set()
    for unit in _units(services, oneshots):
        named(unit, "the unit")
        if unit in seen:
            raise OperationValueError(f"the unit {unit!r} is declared twice")
        seen.add(unit)
    for path in _paths(services, oneshots):
        absolute(path)
    for service in services:
        for command in filter(None, (service.ready, service.check)):
            plain(command[0], "the command")
    for command in [oneshot.check for oneshot in oneshots]:
        plain(next(iter(command), ""), "the command")
