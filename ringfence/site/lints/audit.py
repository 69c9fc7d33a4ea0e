"""What the audit may do to the service, and what it must not leave out."""

from collections.abc import Iterator

from ringfence.site.lints.lint import Lint, Subject, listed, warns
from ringfence.site.problems import Problem, shown

ENDING = ("single", "halt")
CARRYING = ("pbx", "vpn_gateway", "bastion")
"""Groups whose hosts others stand still without."""


def audit_ends_calls(subject: Subject) -> Iterator[Problem]:
    """A full disk halts hosts that carry calls, or through which everybody comes.

    Whoever can fill a log can then end every call. `rotate` loses the oldest records of the host,
    and where a log collector takes them nothing is lost.
    """
    settings = subject.settings("audit")
    if settings is None or settings.when_full not in ENDING:
        return
    hosts = [
        host.name
        for host in subject.hosts_with("audit")
        if any(host.in_group(group) for group in CARRYING)
    ]
    if hosts:
        message = (
            f"{shown(settings.when_full)} ends the service of {listed(hosts)} when a disk is full: "
            "write rotate, unless the site rather has no calls than no record"
        )
        yield subject.in_policy(("audit", "when_full"), message)


def audit_can_be_changed(subject: Subject) -> Iterator[Problem]:
    """A host is classified high, and root can change what is recorded.

    LOG-03 stays red there. Without the lock a change of the rules needs no reboot, an intruder's
    neither.
    """
    settings = subject.settings("audit")
    if settings is None or settings.immutable:
        return
    hosts = [h.name for h in subject.hosts_with("audit") if h.classification == "high"]
    if hosts:
        message = (
            f"root can turn the record of {listed(hosts)} off, classified high, so LOG-03 stays "
            "red: take immutable away"
        )
        yield subject.in_policy(("audit", "immutable"), message)


LINTS: list[Lint] = [warns(audit_ends_calls), warns(audit_can_be_changed)]
