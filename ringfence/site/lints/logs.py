"""Whether logs get to the collector and are safe there: the way, its classification, its anchor,
and for how long they are kept.
"""

from collections.abc import Iterator

from ringfence.site.checks_of_policy import TWO_YEARS
from ringfence.site.hosts import Host
from ringfence.site.lints.lint import Lint, Subject, listed, refuses, warns
from ringfence.site.lints.paths import covers, leads_to_another
from ringfence.site.problems import Problem, nearest, shown

COLLECTOR = "log_collector"


def logs_go_nowhere(subject: Subject) -> Iterator[Problem]:
    """Hosts keep logs, and the site has no log collector.

    Whoever becomes root on a host can change what it logged (PCI DSS 10.3.3).
    """
    hosts = subject.hosts_with("logging")
    if hosts and COLLECTOR not in subject.site.groups:
        message = (
            f"no host is in the group {COLLECTOR}, so the logs of {listed([h.name for h in hosts])}"
            " stay where an intruder can change them (PCI DSS 10.3.3): give the group to a host"
        )
        yield subject.in_hosts(("hosts",), message, key=True)


def logs_without_a_flow(subject: Subject) -> Iterator[Problem]:
    """Hosts have no flow to the port at which the log collector takes logs.

    The firewall keeps their logs on the host: they wait in its journal until that is full.
    """
    settings = subject.settings("logging")
    if settings is None or COLLECTOR not in subject.site.groups:
        return
    flows = [
        flow
        for flow in subject.site.policy.flows
        if flow.destination == COLLECTOR and covers(flow, "tcp", settings.port)
    ]

    def sends(host: Host) -> bool:
        return any(leads_to_another(subject, flow, host) for flow in flows)

    senders = [h for h in subject.hosts_with("logging") if not h.in_group(COLLECTOR)]
    if shut := [host for host in senders if not sends(host)]:
        groups = list(dict.fromkeys(host.groups[0] for host in shut))
        message = (
            f"the logs of {listed([h.name for h in shut])} don't get to {COLLECTOR}: no flow leads "
            f"to its port {settings.port}/tcp (logging.port) from {listed(groups)}; add one"
        )
        yield subject.in_policy(("flows",), message, key=True)


def collector_below_its_hosts(subject: Subject) -> Iterator[Problem]:
    """A log collector is classified below a host whose record it keeps.

    What is said of a host's data stands in its logs. LOG-07 and ACR-04 apply from `high` on: of a
    collector that is `medium` they would say nothing, with the record of a `high` host on it (RD
    1720/2007 arts. 81 and 103).
    """
    hosts = list(subject.site.hosts.values())
    highest = max(host.classification for host in hosts)
    above = [host.name for host in hosts if host.classification == highest]
    for host in subject.site.groups.get(COLLECTOR, []):
        if host.classification < highest:
            message = (
                f"{shown(host.classification.value)} is too low for a {COLLECTOR}: it keeps the "
                f"logs of {listed(above)}, classified {highest.value}, so write {highest.value}"
            )
            yield subject.in_hosts(("hosts", host.name, "classification"), message)


def no_anchor(subject: Subject) -> Iterator[Problem]:
    """A host is classified high, and no other host keeps the heads of the archive's chains.

    They lie on the collector alone, where root can write a chain anew, whole and signed, and
    nothing shows but in the runs of verifications.
    """
    settings = subject.settings("logging")
    hosts = [h.name for h in subject.hosts_with("logging") if h.classification == "high"]
    collectors = [host.name for host in subject.site.groups.get(COLLECTOR, [])]
    if hosts and collectors and settings.anchor is None:
        message = (
            f"names no anchor, so root on {listed(collectors)} can write the record of "
            f"{listed(hosts)}, classified high, anew: add `anchor`, the name of another host"
        )
        yield subject.in_policy(("logging",), message, key=True)


def anchor_that_is_no_other_host(subject: Subject) -> Iterator[Problem]:
    """The anchor of the logs' archive is no host of the site, or is a collector itself.

    It shows what somebody who is root on the collector has changed, so it must be another's.
    """
    settings = subject.settings("logging")
    if settings is None or settings.anchor is None:
        return
    host = subject.site.hosts.get(settings.anchor)
    if host is None:
        hint = nearest(settings.anchor, list(subject.site.hosts))
        message = f"{shown(settings.anchor)} is no host of hosts.yml{hint}"
    elif host.in_group(COLLECTOR):
        message = f"{shown(settings.anchor)} is a collector itself: name another host"
    else:
        return
    yield subject.in_policy(("logging", "anchor"), message)


def retention_below_the_level(subject: Subject) -> Iterator[Problem]:
    """Logs are to be kept for fewer days than some hosts' classification demands.

    What a host classified high says is kept for two years whatever stands there (RD 1720/2007 art.
    103.4), so the days, and the disk that they need, are more than the policy reads.
    """
    settings = subject.settings("logging")
    if settings is None or settings.retention_days is None or settings.retention_days >= TWO_YEARS:
        return
    hosts = [h.name for h in subject.hosts_with("logging") if h.classification == "high"]
    if hosts:
        are, their = ("are", "their") if len(hosts) > 1 else ("is", "its")
        message = (
            f"{settings.retention_days} counts for other hosts alone: {listed(hosts)} {are} "
            f"classified high, so {their} logs are kept for {TWO_YEARS} days (RD 1720/2007 art. "
            f"103.4) all the same; write {TWO_YEARS}, or leave it out where 400 are enough for "
            "others"
        )
        yield subject.in_policy(("logging", "retention_days"), message)


LINTS: list[Lint] = [
    warns(logs_go_nowhere),
    warns(logs_without_a_flow),
    refuses(collector_below_its_hosts),
    warns(no_anchor),
    refuses(anchor_that_is_no_other_host),
    warns(retention_below_the_level),
]
