"""Where programs run: directories of data in which nothing may, and what the system runs."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from ringfence.site.checks_of_data import CONTAINERS, RUN_FROM, meet
from ringfence.site.lints.lint import Lint, Subject, refuses, warns
from ringfence.site.lints.paths import groups_meet
from ringfence.site.problems import Problem

DPKG = "/var/lib/dpkg"
"""Of the directories that one holds, the one that people are told of."""
FREE = "/dev/shm"  # noqa: S108 - judged, not used
"""The one place in a directory of the system in which nothing has to run."""


def noexec_where_packages_run(subject: Subject) -> Iterator[Problem]:
    """Nothing is to run in, or around, a directory of the system's.

    With `noexec` there the system doesn't start, or dpkg can neither install nor update, for it
    runs packages' scripts: security updates stay away. `/tmp`, `/var/tmp`, `/dev/shm`, `/home` and
    `/var/log` are free, and so is what lies in `/opt`, `/srv` and `/var/lib`.
    """
    settings = subject.settings("kernel")
    for index, entry in enumerate(settings.data_mounts if settings else ()):
        if what := _of_the_system(entry.path):
            message = f"nothing could run in {entry.path}, which {what}"
            where = ("kernel", "data_mounts", index, "path")
            yield subject.in_policy(where, f"{message}: name the directory of the data itself")


def executable_that_nothing_closes(subject: Subject) -> Iterator[Problem]:
    """Programs are to run in a directory in which nothing keeps them from it.

    The entry does nothing: its path is mistyped, or its groups are others than the mount's.
    """
    settings = subject.settings("kernel")
    for index, entry in enumerate(settings.executable if settings else ()):
        hosts = [h for h in subject.hosts_with("kernel") if groups_meet(h, entry.groups)]
        if hosts and not any(entry.path in settings.mounts_of(host) for host in hosts):
            known = ", ".join(settings.mounts_of(hosts[0]))
            message = (
                f"programs run in {entry.path} as it is: "
                f"take the entry away, or name one of {known}"
            )
            yield subject.in_policy(("kernel", "executable", index, "path"), message)


def _of_the_system(path: str) -> str:
    """Say what a path has to do with the system's directories; nothing if nothing."""
    if PurePosixPath(path).is_relative_to(FREE):
        return ""
    if path == "/opt":
        return "holds the programs of packages that aren't Debian's"
    if path in CONTAINERS:
        return "holds the programs of containers"
    systems = [one for one in (DPKG, *sorted(RUN_FROM)) if meet(path, one)]
    if not systems:
        return ""
    system = systems[0]
    if path == system:
        return "is a directory of the system"
    how = "lies in" if len(path) > len(system) else "holds"
    return f"{how} {system}, a directory of the system"


LINTS: list[Lint] = [refuses(noexec_where_packages_run), warns(executable_that_nothing_closes)]
