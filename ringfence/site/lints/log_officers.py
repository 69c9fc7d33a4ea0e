"""Who looks after the logs: somebody who can, and who is not root (RD 1720/2007 art. 103.3)."""

from collections.abc import Iterator

from ringfence.site.hosts import Host
from ringfence.site.lints.administrators import EVERYTHING, administrators, last_day
from ringfence.site.lints.lint import Lint, Subject, listed, refuses, warns
from ringfence.site.problems import Problem, shown

COLLECTOR = "log_collector"
ENOUGH_TO_DIVIDE = 4
"""Administrators: two for the collector, so that one may be away, and two for all the rest."""


def log_officer_is_root(subject: Subject) -> Iterator[Problem]:
    """Somebody looks after the logs by one role, and may be root by another.

    Who can be root can change the record of what root did (RD 1720/2007 art. 103.3; ENS op.acc.3).
    """
    settings = subject.settings("accounts")
    if settings is None:
        return
    for name in _officers(subject):
        roles = subject.site.policy.people[name].roles
        if EVERYTHING in settings.commands_of(roles):
            root = next(r for r in roles if EVERYTHING in settings.commands_of([r]))
            logs = next(r for r in roles if r in settings.log_officers)
            message = (
                f"is root as {shown(root)} and looks after the logs as {shown(logs)}, the work of "
                "two people (RD 1720/2007 art. 103.3): take one role away"
            )
            yield subject.in_policy(("people", name, "roles"), message, key=True)


def log_officer_deploys(subject: Subject) -> Iterator[Problem]:
    """Somebody who looks after the logs owns a key that Ringfence deploys with.

    That account is root on every host (RD 1720/2007 art. 103.3; ENS op.acc.3).
    """
    officers = _officers(subject)
    for index, key in enumerate(subject.site.policy.deploy_access):
        if key.owner in officers:
            message = (
                f"{shown(key.owner)} looks after the logs, and this key is root on every host: "
                "let somebody else own it"
            )
            yield subject.in_policy(("deploy_access", index, "owner"), message)


def no_log_officer(subject: Subject) -> Iterator[Problem]:
    """A host is classified high, and no role looks after the logs.

    Accesses to such data are recorded under the security officer's control (RD 1720/2007
    art. 103.3).
    """
    settings = subject.settings("accounts")
    hosts = [h.name for h in subject.hosts_with("accounts") if h.classification == "high"]
    if hosts and not settings.log_officers:
        message = (
            f"no role looks after the logs of {listed(hosts)}, classified high "
            "(RD 1720/2007 art. 103.3): name one in accounts.log_officers"
        )
        yield subject.in_policy(("accounts", "log_officers"), message, key=True)


def log_officers_shut_out(subject: Subject) -> Iterator[Problem]:
    """Nobody who looks after the logs can log in where they lie, or nobody can in a month.

    Logs lie on the collector, and on every host where there is none.
    """
    settings = subject.settings("accounts")
    hosts = _with_logs(subject)
    if not hosts or not settings.log_officers:
        return
    people, officers = subject.site.policy.people, set(_officers(subject))
    welcome = {name for host in hosts for name in subject.admitted(host)} & officers
    days = [day for name in welcome if (day := last_day(people[name])) >= subject.today]
    where = ("accounts", "log_officers")
    places = listed([host.name for host in hosts])
    if not days:
        message = (
            f"nobody with these roles can log in to {places}, where the logs lie: "
            "give somebody the role, a key, and `access`"
        )
        yield subject.in_policy(where, message, key=True)
    elif subject.is_soon(max(days)):
        message = (
            f"after {max(days)} nobody with these roles can log in to {places}, where the logs "
            "lie: renew a key, or name another person"
        )
        yield subject.in_policy(where, message, key=True)


def administrators_of_the_collector(subject: Subject) -> Iterator[Problem]:
    """Who is root on the log collector is root on other hosts too, in a site with people enough.

    They could change, on the collector, the record of what they did elsewhere (PCI DSS 10.3.2; ENS
    op.acc.3). It is told where a host is classified high and four people are root, so that two can
    have the collector to themselves and two are left. In a smaller site, nobody could do better.
    """
    hosts = subject.hosts_with("accounts")
    if not any(host.classification == "high" for host in hosts):
        return
    here: set[str] = set()
    elsewhere: set[str] = set()
    for host in hosts:
        found = here if host.in_group(COLLECTOR) else elsewhere
        found |= set(administrators(subject, host))
    both = [name for name in subject.site.policy.people if name in here & elsewhere]
    if both and len(here | elsewhere) >= ENOUGH_TO_DIVIDE:
        collectors = listed([host.name for host in hosts if host.in_group(COLLECTOR)])
        message = (
            f"{listed(both)} can become root on {collectors}, where the logs lie, and on other "
            "hosts: give either to others, by roles and `access` of their own"
        )
        yield subject.in_policy(("access",), message, key=True)


def _officers(subject: Subject) -> list[str]:
    settings, people = subject.settings("accounts"), subject.site.policy.people
    if settings is None:
        return []
    return [name for name, person in people.items() if settings.looks_after_logs(person.roles)]


def _with_logs(subject: Subject) -> list[Host]:
    hosts = subject.hosts_with("accounts")
    return [host for host in hosts if host.in_group(COLLECTOR)] or hosts


LINTS: list[Lint] = [
    refuses(log_officer_is_root),
    warns(log_officer_deploys),
    warns(no_log_officer),
    warns(log_officers_shut_out),
    warns(administrators_of_the_collector),
]
