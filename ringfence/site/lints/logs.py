"""Whether logs get to the collector: there is one, the way there is open, its anchor is another."""

from collections.abc import Iterator

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


LINTS: list[Lint] = [
    warns(logs_go_nowhere),
    warns(logs_without_a_flow),
    refuses(anchor_that_is_no_other_host),
]
