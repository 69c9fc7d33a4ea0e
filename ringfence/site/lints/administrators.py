"""Who may still log in and become root, and until when."""

from collections.abc import Iterator
from datetime import date

from ringfence.site.hosts import Host
from ringfence.site.lints.lint import Lint, Subject, listed, warns
from ringfence.site.policy import Person
from ringfence.site.problems import Problem

EVERYTHING = "ALL"


def nobody_becomes_root(subject: Subject) -> Iterator[Problem]:
    """Nobody can log in to a host and become root.

    Only the account that Ringfence deploys with is left; without its key, nobody can mend the host.
    """
    hosts = [h.name for h in subject.hosts_with("accounts") if not administrators(subject, h)]
    if hosts:
        message = (
            f"nobody can log in to {listed(hosts)} and become root: give a role the command ALL, "
            "and somebody the role, a key, and `access`"
        )
        yield subject.in_policy(("accounts", "duties"), message, key=True)


def last_administrator_ends(subject: Subject) -> Iterator[Problem]:
    """In a month nobody will be left who can log in to a host and become root.

    The last of their keys ends, or the last of them leaves.
    """
    people = subject.site.policy.people
    ends: dict[tuple[date, str], list[str]] = {}
    for host in subject.hosts_with("accounts"):
        names = administrators(subject, host)
        last = max(((last_day(people[name]), name) for name in names), default=None)
        if last and subject.is_soon(last[0]):
            ends.setdefault(last, []).append(host.name)
    for (end, name), hosts in ends.items():
        message = (
            f"after {end} nobody can log in to {listed(hosts)} and become root: "
            "renew a key of an administrator, or name another one"
        )
        yield subject.in_policy(("people", name), message, key=True)


def last_deploy_key_ends(subject: Subject) -> Iterator[Problem]:
    """The last key that Ringfence deploys with ends within a month.

    After that day nothing can be applied, or mended, on any host.
    """
    keys = subject.site.policy.deploy_access
    end = max(key.expires for key in keys)
    if subject.is_soon(end):
        index = next(at for at, key in enumerate(keys) if key.expires == end)
        message = (
            f"{end} is the last day on which Ringfence can log in: "
            "add the next key, and apply it before"
        )
        yield subject.in_policy(("deploy_access", index, "expires"), message)


def admitted_without_a_key(subject: Subject) -> Iterator[Problem]:
    """Somebody is admitted to hosts, and has no public key.

    sshd takes keys alone (SSH-01), so the account stays shut.
    """
    names = {n for host in subject.hosts_with("ssh") for n in subject.admitted(host)}
    for name, person in subject.site.policy.people.items():
        if name in names and not person.ssh_keys:
            message = "is admitted by `access` and has no key, with which alone sshd lets people in"
            yield subject.in_policy(("people", name), f"{message}: add `ssh_keys`", key=True)


def administrators(subject: Subject, host: Host) -> list[str]:
    """Return the people who can log in to a host and may do everything there."""
    settings = subject.settings("accounts")
    people = subject.site.policy.people
    return [
        name
        for name in subject.admitted(host)
        if EVERYTHING in settings.commands_of(people[name].roles)
        and last_day(people[name]) >= subject.today
    ]


def last_day(person: Person) -> date:
    """Return the last day on which somebody can log in: of the keys, or of the person here.

    It is long past for somebody without a key.
    """
    days = (key.expires for key in person.ssh_keys)
    return min(max(days, default=date.min), person.leaves or date.max)


LINTS: list[Lint] = [
    warns(nobody_becomes_root),
    warns(last_administrator_ends),
    warns(last_deploy_key_ends),
    warns(admitted_without_a_key),
]
