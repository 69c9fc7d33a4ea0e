"""The kernel: modules that go, settings now and at boot, mount options."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import OperationValueError
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.kernel import Kernel
from ringfence.facts.shell import call
from ringfence.operations.shell import absolute, library, named
from ringfence.operations.telling import would_change, would_change_each, would_edit


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A setting (sysctl), `*` in its name for each interface; the first value is set."""

    name: str
    values: Sequence[str]


@operation()
def unloaded(modules: list[str]) -> Generator[StringCommand, None, None]:
    """Ensure that modules are not loaded.

    One that something holds can't be unloaded: it stays until the next boot, and its control red.
    """
    names = [named(module, "the module") for module in modules]
    state = host.get_fact(Kernel, modules=names)
    if state["container"]:
        host.noop("the kernel is another's")
    elif state["loaded"]:
        would_change("unloaded", *(f"module {module}" for module in state["loaded"]))
        yield _script([call("unload", module) for module in state["loaded"]])
    elif state["held"]:
        host.noop(f"{', '.join(state['held'])}: in use until the next boot")
    else:
        host.noop(f"none of {len(names)} modules is loaded")


@operation()
def routes_kept(advertised: bool) -> Generator[StringCommand, None, None]:
    """Refuse a host that would lose the default route which a router's advertisement gave it."""
    found = [] if advertised else host.get_fact(Kernel)["advertised"]
    if found:
        yield _script([call("refuse_routes", *found)])
    else:
        host.noop("no route depends on advertisements")


@operation()
def read_at_boot(path: str, settings: list[Setting]) -> Generator[StringCommand, None, None]:
    """Ensure that no file beside `path` sets a setting otherwise, and that none vanishes at boot.

    Lines of others that do are turned into comments; their files are kept.
    """
    absolute(path)
    state = host.get_fact(Kernel, path=path)
    lines = ["read_sysctl_conf"] if state["vanishing"] else []
    wrong: dict[str, list[str]] = {}
    for file, number, text in state["lines"]:
        if _contradicts(text, settings):
            wrong.setdefault(file, []).append(str(number))
    would_edit(wrong)
    lines += [call("silence", file, *numbers) for file, numbers in wrong.items()]
    if lines:
        yield _script(lines)
    else:
        host.noop(f"{len(state['lines'])} lines of other files contradict none of ours")


@operation()
def settings(settings: list[Setting]) -> Generator[StringCommand, None, None]:
    """Ensure that the kernel has these values now, as far as they are this host's to set."""
    for setting in settings:
        if not setting.values or any(not value.lstrip("-").isdigit() for value in setting.values):
            raise OperationValueError(f"the setting {setting.name!r} needs whole numbers as values")
        named(setting.name.replace("*", "x"), "the setting")
    wanted = {setting.name: setting for setting in settings}
    state = host.get_fact(Kernel, names=list(wanted))
    lines, told = [], []
    for found in state["values"]:
        values = wanted[found["name"]].values
        if found["can_change"] and found["value"] not in values:
            lines.append(call("set_value", found["path"], values[0]))
            told.append((found["path"], f"{found['value']} → {values[0]}"))
    would_change_each(told)
    if lines:
        yield _script(lines)
    else:
        host.noop(f"{len(state['values'])} settings are as declared, or another's to set")


@operation()
def mounts(options: Mapping[str, list[str]], unit: str) -> Generator[StringCommand, None, None]:
    """Ensure that directories are mounted with options, by starting the unit that sees to it."""
    for path in options:
        absolute(path)
    named(unit, "the unit")
    state = host.get_fact(Kernel, directories=list(options))
    wrong = [
        path for path, found in state["mounted"].items() if not set(options[path]) <= set(found)
    ]
    if wrong and not state["container"]:
        for path in wrong:
            would_change(f"mounted with {','.join(options[path])}", path)
        yield StringCommand(call("systemctl", "restart", "--", unit))
    else:
        host.noop(f"{len(state['mounted'])} directories have their options, or are another's")


def _contradicts(text: str, settings: Sequence[Setting]) -> bool:
    name, equals, value = text.strip().lstrip("-").partition("=")
    plain = name.strip().replace("/", ".")
    if not equals:
        return False
    return any(
        (fnmatchcase(plain, setting.name) or fnmatchcase(setting.name, plain))
        and value.strip() not in setting.values
        for setting in settings
    )


def _script(lines: Sequence[str]) -> StringCommand:
    opening = ["clean() { :; }", "undo() { :; }", "begin", "committed=yes"]
    return StringCommand(library("tree") + library("kernel") + "\n".join([*opening, *lines]))
