"""The boot loader: a password for whoever would change what it starts, and none for a start."""

from collections.abc import Generator

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.boot_loader import BootMenu
from ringfence.facts.files import Tree
from ringfence.facts.shell import call
from ringfence.facts.shell import library as facts
from ringfence.operations.files import File, tree_command
from ringfence.operations.shell import absolute, library


@operation()
def told(script: str, content: str | None) -> Generator[StringCommand, None, None]:
    """Ensure that a script of /etc/grub.d has a content, and that GRUB's menu has what it says.

    None means that there is no such script. A menu with an entry that would wait for a password is
    not put in place, and the script goes again: a server that waits at its boot menu is off. Hosts
    that GRUB doesn't start are passed over.
    """
    absolute(script)
    menu = host.get_fact(BootMenu, script=script)
    if menu["container"] or not menu["grub"]:
        host.noop("GRUB does not start this host")
        return
    files = [File(path=script, content=content, mode="0700")] if content is not None else []
    absent = [script] if content is None else []
    tree = host.get_fact(Tree, paths=[script], directories=[])
    command = tree_command(tree, files, [], absent)
    if command is not None:
        yield command
    if command is not None or (content is not None and not menu["current"]):
        opening = ["clean() { :; }", "undo() { :; }", "begin", "committed=yes"]
        lines = [*opening, call("write_menu", script)]
        libraries = library("tree") + facts("boot_loader") + library("boot_loader")
        yield StringCommand(libraries + "\n".join(lines))
    else:
        host.noop("the boot menu is as declared")
