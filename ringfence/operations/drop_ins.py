"""Drop-ins by which several units get the same settings, none of which wants a restart."""

from collections.abc import Generator, Sequence

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.files import Tree
from ringfence.facts.systemd import Services
from ringfence.operations.files import Directory, File, tree_command
from ringfence.operations.shell import named


@operation()
def read(
    paths: list[str], content: str, units: Sequence[str], absent: Sequence[str] = ()
) -> Generator[StringCommand, None, None]:
    """Ensure that drop-ins have a content, and that the manager has read them for some units.

    Those in `absent` must not be there.

    Both in one step: a service whose files are newer than what the manager knows is restarted by
    whatever role looks next, and a restart of the packet filter is no small thing.
    """
    for unit in units:
        named(unit, "the unit")
    files = [File(path=path, content=content) for path in paths]
    places = list(dict.fromkeys(path.rpartition("/")[0] for path in paths))
    directories = [Directory(path=place) for place in places]
    tree = host.get_fact(Tree, paths=[*places, *paths, *absent], directories=[])
    command = tree_command(tree, files, directories, list(absent))
    if command is not None:
        yield command
    state = host.get_fact(Services, units=list(units))
    outdated = [unit["outdated"] for unit in state["units"].values() if unit["load"] != "masked"]
    if command is not None or any(outdated):
        yield StringCommand("systemctl daemon-reload")
    else:
        host.noop(f"{len(files)} drop-ins are as declared")
