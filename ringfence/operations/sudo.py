"""sudo: all of its rules at once, and the account that deploys stays root by them."""

from collections.abc import Generator, Sequence

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.files import Tree
from ringfence.operations.files import STAGE, Directory, File, tree_command
from ringfence.operations.shell import library, named

SUDOERS = "/etc/sudoers"
RULES = "/etc/sudoers.d"
CONFIGURATION = "/etc/sudo.conf"


@operation()
def rules(
    content: str, configuration: str, kept: Sequence[str], deployer: str
) -> Generator[StringCommand, None, None]:
    """Ensure that /etc/sudoers holds this, and /etc/sudoers.d nothing but the names in `kept`.

    `configuration` is that of /etc/sudo.conf, which could name other rules.

    Nothing is replaced when `visudo` refuses the new rules, or when by them alone `deployer`
    could no longer become root without a password.
    """
    for name in kept:
        named(name, "the file")
    files = [
        File(
            path=SUDOERS,
            content=content,
            mode="0440",
            validators=[
                ("sh", "-c", library("sudo"), "sh", STAGE, named(deployer, "the account"), *kept)
            ],
        )
    ]
    files.append(File(path=CONFIGURATION, content=configuration))
    directories = [Directory(path=RULES, exclusive=True, kept=kept)]
    paths = [RULES, *(file.path for file in files)]
    state = host.get_fact(Tree, paths=paths, directories=[RULES])
    command = tree_command(state, files, directories, [])
    if command is None:
        host.noop("sudo's rules are as declared")
    else:
        yield command
