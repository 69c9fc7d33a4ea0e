"""Rules about the directories of data that policy.yml declares (`permissions`).

Owners and modes are set in all of such a directory, so a wrong path would break a host.
"""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from ringfence.site.document import Document
from ringfence.site.plain import Check, Documents, listing, mapping, texts
from ringfence.site.problems import Path, Problem, shown

SHARED = {
    *("/", "/media", "/mnt", "/opt", "/srv"),
    *("/var", "/var/lib", "/var/log", "/var/opt", "/var/spool"),
}
"""Directories in which others keep theirs: data lie in directories of their own below them."""

CONTAINERS = {"/var/lib/containers", "/var/lib/docker", "/var/lib/lxc", "/var/lib/machines"}
"""Where Debian's packages keep the images of containers."""

RUN_FROM = {
    *("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/lost+found"),
    *("/proc", "/root", "/run", "/sbin", "/sys", "/usr"),
    *("/var/cache/debconf", "/var/lock", "/var/run"),
    *("/var/lib/apt", "/var/lib/dbus", "/var/lib/dpkg", "/var/lib/pam", "/var/lib/private"),
    *("/var/lib/ringfence", "/var/lib/sudo", "/var/lib/systemd", "/var/lib/ucf"),
}
"""Directories that the system starts and works from (hier(7)), dpkg(1) with packages' scripts, too:
a mount with `noexec` or `nodev` in or around one breaks a host."""

OF_THE_SYSTEM = RUN_FROM | {
    *("/home", "/tmp", "/var/backups", "/var/cache", "/var/mail", "/var/tmp"),  # noqa: S108
    *("/var/log/apt", "/var/log/audit", "/var/log/journal", "/var/log/private"),
    *("/var/spool/at", "/var/spool/cron", "/var/spool/mail", "/var/spool/postfix"),
}
"""Directories of the system (hier(7)): nothing in them is data of the site's."""


def check_places(documents: Documents) -> Iterator[Problem]:
    """Data lie in directories of their own, and what isn't searched holds other systems alone."""
    if documents.policy is None:
        return
    for where, path in _paths(documents):
        yield from _misplaced(documents.policy, where, path, OF_THE_SYSTEM | CONTAINERS)
    settings = mapping(documents.in_policy("permissions"))
    for at, path in texts(settings, "other_systems"):
        where = ("permissions", "other_systems", at)
        yield from _misplaced(documents.policy, where, path, OF_THE_SYSTEM)


def check_groups_of_data(documents: Documents) -> Iterator[Problem]:
    """Data lie on the hosts of groups that have hosts."""
    if documents.policy is None:
        return
    for index, entry in enumerate(_entries(documents)):
        for at, group in texts(entry, "groups"):
            where = ("permissions", "data", index, "groups", at)
            yield from documents.unknown_group(documents.policy, where, group, "all")


def check_nesting(documents: Documents) -> Iterator[Problem]:
    """No host has data within other data, for each would set owners and modes in both."""
    if documents.policy is None:
        return
    seen: list[tuple[str, set[str], int]] = []
    for index, entry in enumerate(_entries(documents)):
        path = entry.get("path")
        if not isinstance(path, str):
            continue
        groups = {group for _, group in texts(entry, "groups")}
        for other, others, first in seen:
            if meet(path, other) and _share_a_host(documents, groups, others):
                what = "is" if path == other else "lies within, or around,"
                message = f"{shown(path)} {what} the directory of permissions.data[{first}]"
                where = ("permissions", "data", index, "path")
                yield documents.policy.problem(where, f"{message}, on the same host: keep one")
                break
        seen.append((path, groups, index))


def _misplaced(document: Document, where: Path, path: str, systems: set[str]) -> Iterator[Problem]:
    if path in SHARED:
        message = f"{shown(path)} holds more than this: name a directory of its own in it"
        yield document.problem(where, f"{message}, such as '{path.rstrip('/')}/recordings'")
    elif system := next((one for one in sorted(systems) if meet(path, one)), None):
        what = "is" if path == system else f"lies in {system}," if path > system else "holds"
        name = PurePosixPath(path).name if path > system else "recordings"
        hint = f"; did you mean '/srv/{name}'?" if "data" in where else ""
        yield document.problem(where, f"{shown(path)} {what} a directory of the system{hint}")


def meet(one: str, other: str) -> bool:
    """Whether one of two paths is the other, or lies in it."""
    a, b = f"{one.rstrip('/')}/", f"{other.rstrip('/')}/"
    return a.startswith(b) or b.startswith(a)


def _share_a_host(documents: Documents, groups: set[str], others: set[str]) -> bool:
    if "all" in groups | others or groups & others:
        return True
    for entry in documents.host_entries.values():
        own = {group for _, group in texts(entry, "groups")}
        if own & groups and own & others:
            return True
    return False


def _entries(documents: Documents) -> list[dict[str, Any]]:
    settings = mapping(documents.in_policy("permissions"))
    return [mapping(entry) for entry in listing(settings.get("data"))]


def _paths(documents: Documents) -> Iterator[tuple[Path, str]]:
    for index, entry in enumerate(_entries(documents)):
        path = entry.get("path")
        if isinstance(path, str):
            yield ("permissions", "data", index, "path"), path


CHECKS: list[Check] = [check_places, check_groups_of_data, check_nesting]
