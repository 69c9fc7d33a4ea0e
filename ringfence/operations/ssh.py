"""sshd: host keys that never travel, the register of keys, and nobody locked out."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import OperationValueError
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.accounts import Accounts
from ringfence.facts.files import Tree
from ringfence.facts.shell import call
from ringfence.facts.ssh import (
    HostKeys,
    HostKeyState,
    KeyFiles,
    OtherServers,
    PersonalKeyFiles,
    PersonalKeys,
    fingerprint,
    keys_in,
)
from ringfence.operations.files import STAGE, Directory, File, tree_command
from ringfence.operations.shell import absolute, library, named
from ringfence.operations.telling import did, is_asked, would, would_change, would_change_each

KEY_DIRECTORY = "/etc/ssh/authorized_keys.d"


@dataclass(frozen=True, kw_only=True)
class HostKey:
    """A host key: made on the host when it is missing, of another type, or smaller than `bits`."""

    path: str
    type: str
    """ed25519 or rsa"""
    bits: int
    """at least; ed25519 has 256"""


@operation()
def host_keys(keys: list[HostKey]) -> Generator[StringCommand, None, None]:
    """Ensure that sshd's host keys are strong, whole and readable by root alone.

    A key that is replaced is kept in /var/lib/ringfence/previous; the new fingerprint is printed.
    """
    for key in keys:
        absolute(key.path)
        named(key.type, "the type")
    state = host.get_fact(HostKeys, paths=[key.path for key in keys])
    lines = [line for key in keys if (line := _host_key_line(key, state.get(key.path)))]
    if not lines:
        host.noop(f"{len(keys)} host keys are as declared")
        return
    places = {key.path.rpartition("/")[0] for key in keys}
    yield _script([f"clean() {{ {call('sweep', *sorted(places))}; }}", *_committed(lines)])


@operation()
def authorized_keys(
    lines: dict[str, list[str]], deployer: str, directory: str = KEY_DIRECTORY
) -> Generator[StringCommand, None, None]:
    """Ensure that a directory of root's holds the keys that each account accepts, and no others.

    `lines` are those of the file of each account; an account that isn't on the host gets no file.
    Nothing is replaced when the new keys would lock out `deployer`, as which this run logged in.
    Accounts can't add keys by themselves: the directory and its files are root's.
    """
    for account, keys in lines.items():
        named(account, "the account")
        if any("\n" in line for line in keys):
            raise OperationValueError(f"a key of {account!r} has a line break")
    present = host.get_fact(Accounts, groups=[], accounts=sorted(lines))["accounts"]
    files = [
        File(
            path=f"{directory}/{account}",
            content="".join(f"{line}\n" for line in keys),
            validators=[admission("keys", account)] if account == deployer else [],
        )
        for account, keys in sorted(lines.items())
        if keys and account in present
    ]
    directories = [Directory(path=directory, exclusive=True)]
    paths = [directory, *(file.path for file in files)]
    tree = host.get_fact(Tree, paths=paths, directories=[directory])
    command = tree_command(tree, files, directories, [])
    if command is None:
        host.noop(f"the keys of {len(files)} accounts are as declared")
    else:
        if is_asked():
            wanted = {account: lines[account] for account in sorted(present)}
            found: dict[str, list[str]] = host.get_fact(KeyFiles, directory=directory)
            _tell_keys(wanted, found)
        yield command


@operation()
def personal_keys(allowed: dict[str, list[str]]) -> Generator[StringCommand, None, None]:
    """Ensure that no authorized_keys in a home holds a key that isn't `allowed` for its account.

    sshd no longer reads these files, but a configuration that is put back by hand would. A file
    with a foreign key is moved to /var/lib/ringfence/previous; one whose keys are all allowed
    stays, so that such a configuration still admits who may log in. Keys are `algorithm base64`.
    """
    found = host.get_fact(PersonalKeyFiles)
    foreign = [
        keys for keys in found if not set(keys["keys"]) <= set(allowed.get(keys["account"], ()))
    ]
    if not foreign:
        host.noop("no home holds a foreign key")
        return
    would_change(
        "moved, for it holds keys that the register doesn't know",
        *(f".ssh/{keys['file']} of account {keys['account']}" for keys in foreign),
    )
    would_change(
        "goes with its file",
        *(
            f"key {fingerprint(key)} of account {keys['account']}"
            for keys in foreign
            for key in keys["keys"]
            if key not in allowed.get(keys["account"], ())
        ),
    )
    lines = [_personal_line(keys) for keys in foreign]
    yield _script(["clean() { :; }", *_committed(lines)])


@operation()
def no_other_server(unit: str = "ssh.service") -> Generator[StringCommand, None, None]:
    """Ensure that no sshd listens beside the service that is configured.

    The service of another one is stopped and disabled; one without a service is ended. Those of
    containers on the host are left alone: they are hosts of their own.
    """
    others = host.get_fact(OtherServers, unit=named(unit, "the unit"))
    if not others:
        host.noop(f"no sshd listens beside {unit}")
    for other in others:
        would("act", verb="stop", unit=other["unit"] or f"sshd (process {other['process']})")
    for other in others:
        if other["unit"]:
            name = other["unit"]
            disable = call("systemctl", "disable", "--quiet", "--", name)
            yield StringCommand(f"{disable} || true; {call('systemctl', 'stop', '--', name)}")
        else:
            yield StringCommand(call("kill", str(other["process"])))
        did("stop", other["unit"] or f"sshd (process {other['process']})")


def admission(staged: Literal["configuration", "keys"], account: str) -> tuple[str, ...]:
    """Return the validator that refuses a staged sshd_config or key file that locks `account` out.

    It judges by what sshd itself answers (`sshd -T -C …` for the connection that this run came in
    by): the account's groups, its unexpired keys where the new configuration looks for them, their
    `from=`, and the port.
    """
    return ("sh", "-c", library("admission"), "sh", staged, STAGE, named(account, "the account"))


def _tell_keys(wanted: Mapping[str, list[str]], present: Mapping[str, list[str]]) -> None:
    """Tell a plan which keys come and go, by account and fingerprint.

    A declared one has its comment, too; of one that goes nothing else is told: others chose it.
    """
    changes = []
    for account in sorted({*wanted, *present}):
        had = {key: line for line in present.get(account, ()) for key in keys_in(line)}
        has = {key: line for line in wanted.get(account, ()) for key in keys_in(line)}
        for key, line in has.items():
            comment = line.partition(key)[2].strip()
            whose = f"{f' ({comment})' if comment else ''} of account {account}"
            if had.get(key) != line:
                change = "gets other options" if key in had else "let in"
                changes.append((f"key {fingerprint(key)}{whose}", change))
        for key in had.keys() - has.keys():
            changes.append((f"key {fingerprint(key)} of account {account}", "no longer let in"))
    would_change_each(changes)


def _committed(lines: Sequence[str]) -> list[str]:
    return ["undo() { :; }", "begin", "committed=yes", *lines]


def _script(lines: Sequence[str]) -> StringCommand:
    return StringCommand(library("tree") + library("ssh") + "\n".join(lines))


def _personal_line(keys: PersonalKeys) -> str:
    return call("personal", keys["account"], keys["file"])


def _host_key_line(key: HostKey, found: HostKeyState | None) -> str | None:
    if found is None or found["algorithm"] != f"ssh-{key.type}" or found["bits"] < key.bits:
        return call("generate", key.path, key.type, str(key.bits))
    files = (found["private_file"], found["public_file"])
    if not found["pair"] or files != ("600:root:root", "644:root:root"):
        return call("publish", key.path)
    return None
