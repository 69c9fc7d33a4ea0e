"""Passwords of a host's own accounts: how they are kept, and how long they last."""

import re
from collections.abc import Generator, Mapping, Sequence

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import OperationValueError
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.passwords import Passwords, PasswordState
from ringfence.facts.shell import call
from ringfence.operations.shell import absolute, library, named, octal
from ringfence.operations.telling import would_change, would_change_each

FIRST_PERSON, LAST_PERSON = 1000, 59999
"""UIDs of people on Debian (Debian Policy 9.2.2)."""
UNLIMITED = 99999
"""Days that useradd writes for ever."""


@operation()
def definitions(values: Mapping[str, str]) -> Generator[StringCommand, None, None]:
    """Ensure that keys of /etc/login.defs stand there once, with these values."""
    for key, value in values.items():
        named(key, "the key")
        if not re.fullmatch(r"[A-Za-z0-9_]+", value):
            raise OperationValueError(f"the value {value!r} of {key} must be one word")
    found = host.get_fact(Passwords, definitions=list(values), files=[])["definitions"]
    wrong = {key: value for key, value in values.items() if found.get(key) != [value]}
    if not wrong:
        host.noop("login.defs is as declared")
        return
    would_change_each(
        (f"/etc/login.defs, {key}", f"set to {value}") for key, value in wrong.items()
    )
    words = [word for pair in wrong.items() for word in pair]
    yield _script([call("define", *words)])


@operation()
def kept(files: Mapping[str, str]) -> Generator[StringCommand, None, None]:
    """Ensure that passwords are kept so that nobody reads or guesses them.

    `files` are paths with `mode:owner:group`, such as `0640:root:shadow`; one that isn't there is
    passed over. An account whose password is empty is locked. Whoever has a password in another
    scheme than yescrypt must change it at the next login with it: the hash can't be converted.
    """
    for path, wanted in files.items():
        mode, _, owners = wanted.partition(":")
        absolute(path)
        octal(mode)
        for name in owners.split(":"):
            named(name, "the owner")
    state = host.get_fact(Passwords, definitions=[], files=list(files))
    lines, told = [], []
    for path, wanted in files.items():
        mode, _, owners = wanted.partition(":")
        if state["files"].get(path) not in ("absent", f"{mode.lstrip('0')}:{owners}"):
            lines.append(call("own", path, mode, owners))
            told.append((path, f"mode {mode}, owner {owners}"))
    for account in state["accounts"]:
        whose = f"account {account['name']}"
        if account["scheme"] == "empty":
            lines.append(call("lock_empty", account["name"]))
            told.append((whose, "its password, which is empty, locked"))
        elif account["scheme"] == "other" and account["changed"] != 0:
            lines.append(call("age", account["name"], "-d", "0"))
            told.append((whose, "changes its password at the next login"))
    would_change_each(told)
    if lines:
        yield _script(lines)
    else:
        host.noop(f"the passwords of {len(state['accounts'])} accounts are kept as declared")


@operation()
def ageing(
    longest: int, warned: int, spared: Sequence[str] = ()
) -> Generator[StringCommand, None, None]:
    """Ensure that passwords of people, and of every account that has one, end after `longest` days.

    Their owners are told `warned` days before, or earlier. A date of change that is missing or lies
    in the future would make a password last for ever: such a password must be changed at the next
    login. While one of the accounts in `spared` has no password, it has no age either: whatever
    somebody makes of PAM, it can't be asked to change what doesn't exist when it logs in by key.
    """
    for name in spared:
        named(name, "the account")
    state = host.get_fact(Passwords, definitions=[], files=[])
    options = {
        account["name"]: _options(account, longest, warned, state["today"], spared)
        for account in state["accounts"]
    }
    wrong = {name: words for name, words in options.items() if words}
    would_change("its password ends as declared", *(f"account {name}" for name in wrong))
    lines = [call("age", name, *words) for name, words in wrong.items()]
    if lines:
        yield _script(lines)
    else:
        host.noop("the ages of passwords are as declared")


def _options(
    account: PasswordState, longest: int, warned: int, today: int, spared: Sequence[str]
) -> Sequence[str]:
    """Return what chage must be told about an account; nothing when it is as declared."""
    has_password = account["scheme"] in ("yescrypt", "other")
    uid = account["uid"]
    if not has_password and (uid is None or not FIRST_PERSON <= uid <= LAST_PERSON):
        return []
    changed = account["changed"]
    options: list[str] = []
    if account["name"] in spared and not has_password:
        # pam_unix of Debian 12 takes a missing date of change for 1969: that alone spares nobody.
        if account["longest"] is not None and 0 <= account["longest"] < UNLIMITED:
            options += ["-M", str(UNLIMITED)]
        return [*options, "-d", "-1"] if changed == 0 else options
    if account["longest"] is None or not 1 <= account["longest"] <= longest:
        options += ["-M", str(longest)]
    if account["warned"] is None or account["warned"] < warned:
        options += ["-W", str(warned)]
    if has_password and (changed is None or not 0 <= changed <= today):
        options += ["-d", "0"]
    return options


def _script(lines: Sequence[str]) -> StringCommand:
    head = [f"clean() {{ {call('sweep', '/etc')}; }}", "undo() { :; }", "begin", "committed=yes"]
    return StringCommand(library("tree") + library("passwords") + "\n".join([*head, *lines]))
