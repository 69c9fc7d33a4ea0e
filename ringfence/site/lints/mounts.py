"""Where programs run: directories of data in which nothing may, and what the system runs."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from ringfence.site.lints.lint import Lint, Subject, refuses, warns
from ringfence.site.lints.paths import groups_meet
from ringfence.site.problems import Problem

RUN_FROM = {
    "/usr/bin": "the system's programs",
    "/usr/sbin": "the system's programs",
    "/usr/lib": "the system's programs",
    "/usr/local/bin": "the site's own programs",
    "/usr/local/sbin": "the site's own programs",
    "/usr/local/lib/ringfence": "what Ringfence runs each night",
    "/etc/cron.daily": "what Debian runs each day",
    "/etc/init.d": "the scripts of older services",
    "/var/lib/dpkg/info": "the scripts that packages run when they are installed or removed",
    "/var/lib/dpkg/tmp.ci": "the scripts that packages run before they are installed",
    "/var/cache/debconf/tmp.ci": "the questions that packages ask before they are installed",
}
"""Directories from which Debian runs programs: hier(7), and dpkg(1), dpkg-preconfigure(8)."""


def noexec_where_packages_run(subject: Subject) -> Iterator[Problem]:
    """Nothing is to run in a directory from which packages, or the system, run programs.

    With `noexec` there dpkg can neither install nor update, and security updates stay away; with
    all of `/usr` the host doesn't even start.
    """
    settings = subject.settings("kernel")
    for index, entry in enumerate(settings.data_mounts if settings else ()):
        for place, what in RUN_FROM.items():
            if PurePosixPath(place).is_relative_to(entry.path):
                message = (
                    f"nothing could run in {entry.path}, and {place} holds {what}: "
                    "name the directory of the data itself"
                )
                yield subject.in_policy(("kernel", "data_mounts", index, "path"), message)
                break


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


LINTS: list[Lint] = [refuses(noexec_where_packages_run), warns(executable_that_nothing_closes)]
