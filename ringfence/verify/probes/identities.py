"""The accounts and groups of a host, and by which ways somebody could still get into an account.

Sources: passwd(5), shadow(5), group(5).
"""

import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

NO_SHELL = {"nologin", "false", "sync"}
LARGEST_SYSTEM_ID = 999
"""Debian's policy: below 1000 are the system's own; 65534 is nobody."""
PROCESSES = """\
for process in /proc/[0-9]*; do
    [ "$(stat -c %u "$process" 2>/dev/null)" = "$uid" ] || continue
    # Those of a container's are of another host.
    [ "$(readlink "$process/ns/pid")" != "$(readlink /proc/1/ns/pid)" ] || echo "${process#/proc/}"
done"""


@dataclass(frozen=True)
class Identity:
    """One account as the system knows it."""

    name: str
    uid: int
    gid: int
    comment: str
    home: str
    shell: str
    groups: frozenset[str]
    """all of them, by any way"""
    is_locked: bool
    """whether no password opens it"""
    changed: int
    """day of the password's last change, which is that of an account's making when it has none"""
    inactive: int | None
    """days after a password's expiry until the account closes"""
    expires: int | None
    """day on which the account closes"""

    @property
    def is_of_the_system(self) -> bool:
        """Whether it is one of the system's own, root aside."""
        return 0 < self.uid <= LARGEST_SYSTEM_ID or self.name == "nobody"

    @property
    def has_shell(self) -> bool:
        """Whether its shell lets somebody do something."""
        return self.shell.rpartition("/")[2] not in NO_SHELL

    def is_open(self, today: int) -> bool:
        """Whether a login to it may succeed: it has a shell and has not expired."""
        return self.has_shell and not self.has_expired(today)

    def has_expired(self, today: int) -> bool:
        """Whether it was closed by date; 0 means what differs between programs, so it is not."""
        return bool(self.expires) and int(self.expires or 0) <= today


def read(host: Any) -> list[Identity]:
    """Return every account that ``host`` (testinfra's) knows."""
    names: dict[str, str] = {}
    members: dict[str, set[str]] = {}
    for name, _, gid, listed, *_ in _entries(host, "group"):
        names.setdefault(gid, name)
        for member in listed.split(","):
            members.setdefault(member, set()).add(name)
    shadows = {entry[0]: entry for entry in reversed(_entries(host, "shadow"))}
    found = []
    for name, _, uid, gid, comment, home, shell, *_ in _entries(host, "passwd"):
        shadow = shadows.get(name, [name, "*", *[""] * 7])
        found.append(
            Identity(
                *(name, int(uid), int(gid), comment, home, shell),
                groups=frozenset({names.get(gid, gid)} | members.get(name, set())),
                is_locked=shadow[1][:1] in ("!", "*"),
                changed=int(shadow[2] or 0),
                inactive=int(shadow[6]) if shadow[6] else None,
                expires=int(shadow[7]) if shadow[7] else None,
            )
        )
    return found


def today(host: Any) -> int:
    """Return the host's day, counted from 1970 as shadow(5) does."""
    return int(host.check_output("date +%s")) // 86400


def repeated(host: Any, database: str, number: int) -> set[str]:
    """Return the values that stand in one field of more than one entry of passwd or group."""
    counted = Counter(entry[number] for entry in _entries(host, database))
    return {value for value, count in counted.items() if count > 1}


def foreign_entries(host: Any) -> list[str]:
    """Return the lines by which NIS would add to the host's own accounts (compat)."""
    answer = host.run("grep -Hn '^[+-]' /etc/passwd /etc/shadow /etc/group /etc/gshadow")
    return [line.rpartition(":")[0] for line in answer.stdout.splitlines()]


def members(host: Any, group: str) -> set[str]:
    """Return who is in a group by any way; nobody if there is no such group."""
    return {one.name for one in read(host) if group in one.groups}


def ways_in(host: Any, identity: Identity, day: int) -> list[str]:
    """Return what is left of an account that should be closed; nothing when it is."""
    found = []
    if identity.is_open(day):
        found.append(f"shell {identity.shell}")
    if not identity.has_expired(day):
        found.append("no expiry")
    if not identity.is_locked:
        found.append("a password")
    if len(identity.groups) > 1:
        found.append(f"groups {' '.join(sorted(identity.groups - {identity.name}))}")
    return [*found, *_schedules(host, identity), *_processes(host, identity)]


def _schedules(host: Any, identity: Identity) -> list[str]:
    name, uid = shlex.quote(identity.name), identity.uid
    places = [f"/var/spool/cron/crontabs/{name}", f"/var/lib/systemd/linger/{name}"]
    answer = host.run(
        f"ls -d {' '.join(places)} 2>/dev/null;"
        f" find /var/spool/cron/atjobs -type f -uid {uid} 2>/dev/null;"
        f" grep -rlEs '^User=({identity.name}|{uid})$' /etc/systemd/system;"
        f" grep -lEs '^[^#]*[[:space:]]{identity.name}[[:space:]]' /etc/crontab /etc/cron.d/*"
    )
    return [f"schedule {path}" for path in answer.stdout.split()]


def _processes(host: Any, identity: Identity) -> list[str]:
    answer = host.run(f"uid={identity.uid}\n{PROCESSES}")
    return [f"process {number}" for number in answer.stdout.split()[:5]]


def _entries(host: Any, database: str) -> list[list[str]]:
    text = host.check_output(f"getent {database}")
    return [line.split(":") for line in text.splitlines() if line and line[0] not in "+-"]


def names(identities: Iterable[Identity]) -> set[str]:
    """Return the names of accounts."""
    return {one.name for one in identities}
