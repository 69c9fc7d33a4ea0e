"""Second factors: what pam_google_authenticator reads, and changes at every login.

A file holds the key, the options, the recovery codes that are left, and the codes used lately. So
it is not compared whole: an apply that put it back would make used codes good again.
"""

import hashlib
from collections.abc import Generator

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.files import Entry
from ringfence.facts.second_factors import FactorState, SecondFactors, SecondFactorsState
from ringfence.operations.files import Directory, File, tree_command
from ringfence.operations.shell import absolute, library, named

DIRECTORY = "/etc/ringfence/totp"
MODES = {"0400", "0600"}
"""The module writes 0400 when it notes that a code was used."""
STAGES = ".ringfence."
"""How the stages of an interrupted run are called."""


@operation()
def declared(
    factors: dict[str, str] | None, directory: str = DIRECTORY
) -> Generator[StringCommand, None, None]:
    """Ensure that a directory of root's holds the second factors of these accounts, and no others.

    `factors` maps an account to its file's content; None means that there is no directory.
    A file whose key is the declared one keeps what logins have used up: the recovery codes that are
    gone, the codes of the last minutes. No former version is kept anywhere.
    """
    absolute(directory)
    for account in factors or {}:
        named(account, "the account")
    state = host.get_fact(SecondFactors, place=directory, accounts=sorted(factors or {}))
    command = _command(state, factors, directory)
    if command is None:
        host.noop(f"{len(factors or {})} second factors are as declared")
    else:
        yield command


def _command(
    state: SecondFactorsState, factors: dict[str, str] | None, directory: str
) -> StringCommand | None:
    place = Directory(path=directory, mode="0700", exclusive=True)
    about = state["directory"]
    entries: dict[str, Entry | None] = {directory: None}
    if about is not None:
        entries[directory] = {**about, "sha256": None}
    members = [name for name in state["members"] if not name.startswith(STAGES)]
    files = [_file(directory, account, content) for account, content in (factors or {}).items()]
    for file, (account, content) in zip(files, (factors or {}).items(), strict=True):
        found = state["factors"].get(account)
        entries[file.path] = (
            None if found is None or differs(content, found) else _as_declared(file)
        )
    return tree_command(
        {
            "entries": entries,
            "members": {directory: members},
            "leftovers": len(members) < len(state["members"]),
        },
        files,
        [] if factors is None else [place],
        [directory] if factors is None else [],
        library("second_factors"),
    )


def differs(content: str, found: FactorState) -> bool:
    """Whether a file on the host is not what the content becomes by logins."""
    key, *lines = content.splitlines()
    options = sorted(line[2:] for line in lines if line.startswith('" '))
    issued = {_digest(f"{key} {line}") for line in lines if not line.startswith('"')}
    about = (found["type"], found["owner"], found["group"])
    return (
        about != ("file", "root", "root")
        or found["mode"] not in MODES
        or found["key"] != _digest(key)
        or sorted(found["options"]) != options
        or not set(found["codes"]) <= issued
    )


def _file(directory: str, account: str, content: str) -> File:
    path = f"{directory}/{account}"
    return File(path=path, content=content, mode="0600", validators=[("merge", path)])


def _as_declared(file: File) -> Entry:
    return {
        "type": "file",
        "mode": file.mode,
        "owner": file.owner,
        "group": file.group,
        "sha256": file.sha256,
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
