"""What hosts serve: flows that nothing answers, services that nobody reaches, two jobs in one."""

from collections.abc import Iterator
from typing import Any

from ringfence.site.flows import INTERNET, ssh_port
from ringfence.site.hosts import KNOWN_GROUPS, Host
from ringfence.site.lints.lint import Lint, Subject, listed, refuses, warns
from ringfence.site.lints.paths import groups_meet
from ringfence.site.policy import Flow
from ringfence.site.problems import Problem, shown

AGENTS = "agents"
SERVERS = [group for group in KNOWN_GROUPS if group != AGENTS]
SERVING = ("vpn_gateway", "pbx", "database", "log_collector", "backup_server")
"""Groups whose hosts serve others by more than ssh."""


def agent_with_a_servers_role(subject: Subject) -> Iterator[Problem]:
    """An agent's workstation is in the group of a server.

    Whoever sits at it, and whatever the browser fetches, would be beside calls and customers' data;
    a host has one primary function (PCI DSS 2.2.3). In a lab one host may stand for many.
    """
    if subject.is_a_lab:
        return
    for host in subject.site.hosts.values():
        if not host.in_group(AGENTS):
            continue
        for index, group in enumerate(host.groups):
            if group in SERVERS:
                message = (
                    f"{shown(group)} is a server's work, and an agent sits at {host.name}: "
                    "let another host do it (PCI DSS 2.2.3)"
                )
                yield subject.in_hosts(("hosts", host.name, "groups", index), message)


def flow_to_a_loopback_service(subject: Subject) -> Iterator[Problem]:
    """A flow leads to a service that is declared to listen on the loopback alone.

    The path is open, and nothing answers at its end.
    """
    settings = subject.settings("firewall")
    for index, flow in enumerate(subject.site.policy.flows):
        for host in subject.hosts_with("firewall"):
            here = [
                entry
                for entry in settings.listeners
                if host.in_group(flow.destination)
                and groups_meet(host, entry.groups)
                and (entry.port, entry.protocol) == (flow.port, flow.protocol)
            ]
            if here and all(entry.address == "loopback" for entry in here):
                at = settings.listeners.index(here[0])
                message = (
                    f"{flow.port}/{flow.protocol} is served on the loopback alone, by "
                    f"{here[0].process} of {host.name} (firewall.listeners[{at}]): "
                    "write `address: any` there, or take the flow away"
                )
                yield subject.in_policy(("flows", index, "port"), message)
                break


def listener_that_no_flow_reaches(subject: Subject) -> Iterator[Problem]:
    """A service listens on every address by tcp, and no flow leads to it.

    The firewall lets nobody in, so its users are cut off, or it could listen on the loopback.
    """
    settings = subject.settings("firewall")
    if settings is None:
        return
    for index, entry in enumerate(settings.listeners):
        hosts = [h for h in subject.hosts_with("firewall") if groups_meet(h, entry.groups)]
        if entry.address != "any" or entry.protocol != "tcp" or not hosts:
            continue
        if not any(
            _leads_to(flow, entry, host) for flow in subject.site.policy.flows for host in hosts
        ):
            message = (
                f"no flow leads to {entry.port}/tcp, where {entry.process} listens on every "
                f"address of {listed([h.name for h in hosts])}: add the flow, or let it listen on "
                "the loopback"
            )
            yield subject.in_policy(("firewall", "listeners", index, "port"), message)


def service_to_be_stopped(subject: Subject) -> Iterator[Problem]:
    """What nothing declares is stopped, and nothing declares what a server is there for.

    With `stop_undeclared` an apply stops its service: telephones fall silent.
    """
    settings, port = subject.settings("firewall"), ssh_port(subject.site)
    if settings is None or not settings.stop_undeclared:
        return
    for host in subject.hosts_with("firewall"):
        group = next((group for group in SERVING if host.in_group(group)), None)
        flows = [
            flow
            for flow in subject.site.policy.flows
            if host.in_group(flow.destination) and (flow.port, flow.protocol) != (str(port), "tcp")
        ]
        listeners = [entry for entry in settings.listeners if groups_meet(host, entry.groups)]
        if group and not flows and not listeners:
            message = (
                f"true stops what {host.name} serves as {group}, for no flow leads there, but to "
                "sshd: declare its flows, or its listeners"
            )
            yield subject.in_policy(("firewall", "stop_undeclared"), message)


def _leads_to(flow: Flow, entry: Any, host: Host) -> bool:
    """Whether a flow comes to a host at a port of a listener."""
    first, last = flow.ports
    if not host.in_group(flow.destination) or flow.destination == INTERNET:
        return False
    low, _, high = str(entry.port).partition("-")
    overlap = first <= int(high or low) and int(low) <= last
    return flow.protocol == entry.protocol and overlap


LINTS: list[Lint] = [
    refuses(agent_with_a_servers_role),
    warns(flow_to_a_loopback_service),
    warns(listener_that_no_flow_reaches),
    warns(service_to_be_stopped),
]
