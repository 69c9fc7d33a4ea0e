"""Whom sshd's access lists let in, and in which files it looks for their keys.

Source: sshd_config(5): DenyUsers, AllowUsers, DenyGroups, AllowGroups (processed in this order),
AuthorizedKeysFile and TOKENS.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ringfence.verify.probes.match_blocks import matches
from ringfence.verify.probes.sshd_configuration import Settings


@dataclass(frozen=True)
class Account:
    """An account of the host, with all its groups."""

    name: str
    uid: int
    home: str
    groups: frozenset[str]


def accounts(host: Any) -> list[Account]:
    """Return every account that ``host`` (testinfra's) knows."""
    names: dict[str, str] = {}
    members: dict[str, set[str]] = {}
    for name, gid, listed in _fields(host.check_output("getent group"), 0, 2, 3):
        names.setdefault(gid, name)
        for member in listed.split(","):
            members.setdefault(member, set()).add(name)
    return [
        Account(name, int(uid), home, frozenset({names.get(gid, gid)} | members.get(name, set())))
        for name, uid, gid, home in _fields(host.check_output("getent passwd"), 0, 2, 3, 5)
    ]


def lets_in(settings: Settings, account: Account) -> bool:
    """Whether the access lists leave a way in for ``account``, from whichever address.

    ``permitrootlogin no`` keeps root out whatever the lists say.
    """
    if account.uid == 0 and settings.get("permitrootlogin") == ["no"]:
        return False
    denied, allowed = settings.get("denyusers", []), settings.get("allowusers", [])
    if any(_names(pattern, account.name, always=True) for pattern in denied):
        return False
    if allowed and not _any_user(allowed, account.name):
        return False
    groups = settings.get("denygroups", [])
    if any(matches(group, groups) for group in account.groups):
        return False
    groups = settings.get("allowgroups", [])
    return not groups or any(matches(group, groups) for group in account.groups)


def key_files(settings: Settings, account: Account) -> list[str]:
    """Return the absolute paths of the files in which sshd looks for the account's keys."""
    listed = " ".join(settings.get("authorizedkeysfile", [])).split()
    return [_absolute(path, account) for path in listed if path != "none"]


def _absolute(path: str, account: Account) -> str:
    tokens = {"%": "%", "h": account.home, "u": account.name, "U": str(account.uid)}
    written, rest = "", path
    while rest:
        before, percent, after = rest.partition("%")
        written += before
        if percent:
            written += tokens.get(after[:1], "%" + after[:1])
        rest = after[1:]
    return written if written.startswith("/") else f"{account.home.rstrip('/')}/{written}"


def _any_user(patterns: list[str], name: str) -> bool:
    users = [pattern.partition("@")[0] for pattern in patterns if not pattern.startswith("!")]
    refused = [pattern for pattern in patterns if pattern.startswith("!") and "@" not in pattern]
    return matches(name, [*users, *refused])


def _names(pattern: str, name: str, always: bool) -> bool:
    user, _, place = pattern.partition("@")
    return matches(name, [user]) and (not always or place in {"", "*"})


def _fields(text: str, *numbers: int) -> Iterator[tuple[str, ...]]:
    for line in text.splitlines():
        fields = line.split(":")
        # Entries of NIS (+::::::) stand for accounts that are not here.
        if len(fields) > max(numbers) and line[0] not in "+-":
            yield tuple(fields[number] for number in numbers)
