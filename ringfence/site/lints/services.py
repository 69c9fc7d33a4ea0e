"""What hosts serve: flows that nothing answers, services that nobody reaches, two jobs in one."""

from collections.abc import Iterator
from typing import Any

from ringfence.site.flows import ssh_port
from ringfence.site.hosts import KNOWN_GROUPS, Host
from ringfence.site.lints.lint import Lint, Subject, listed, refuses, warns
from ringfence.site.lints.paths import covers, groups_meet, share_a_port
from ringfence.site.policy import Flow
from ringfence.site.problems import Problem, shown

AGENTS = "agents"
SERVERS = [group for group in KNOWN_GROUPS if group != AGENTS]
SERVING = ("vpn_gateway", "pbx", "database", "log_collector", "backup_server")
"""Groups whose hosts serve others by more than ssh."""
COLLECTOR = "log_collector"
OWN_ALONE = ("bastion", COLLECTOR)
"""Groups whose hosts serve nothing but what Ringfence itself brings."""
TIME = 123


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
            if (entry := _shut_in(flow, settings.listeners, host)) is None:
                continue
            whole = entry.port == flow.port
            port = f"{entry.port}/{flow.protocol}" + ("" if whole else f", of {flow.port},")
            at = settings.listeners.index(entry)
            message = (
                f"{port} is served on the loopback alone, by "
                f"{entry.process} of {host.name} (firewall.listeners[{at}]): write `address: any` "
                f"there, or take {'the flow away' if whole else 'it out of the flow'}"
            )
            yield subject.in_policy(("flows", index, "port"), message)
            break


def flow_that_nothing_serves(subject: Subject) -> Iterator[Problem]:
    """A flow leads to a port of a bastion, log collector or workstation at which nothing listens.

    The path is open for whatever somebody starts there, and nobody who needs it is served. What
    such hosts serve is Ringfence's: sshd, the collector's port of logs, the time; and whatever
    `firewall.listeners` names. To agents' workstations calls may come, too (`firewall.sip`), and
    voice by udp. What other servers serve is the site's own, and its flows alone tell: of
    telephony, databases, recordings, backups and groups of the site's own nothing is said.
    """
    if subject.settings("logging") is None or subject.settings("time") is None:
        return
    settings = subject.settings("firewall")
    for index, flow in enumerate(subject.site.policy.flows):
        hosts = [h for h in subject.hosts_with("firewall") if h.in_group(flow.destination)]
        if not hosts or not all(set(host.groups) <= {*OWN_ALONE, AGENTS} for host in hosts):
            continue
        workstations = any(host.in_group(AGENTS) for host in hosts)
        if workstations and _may_be_a_call(flow, settings.sip.ports):
            continue
        known = {host.name: _services(subject, host) for host in hosts}
        declared = [e for e in settings.listeners if any(groups_meet(h, e.groups) for h in hosts)]
        served = any(covers(flow, *port) for ports in known.values() for port in ports)
        if served or any(share_a_port(flow, entry) for entry in declared):
            continue
        if covers(flow, "tcp", 22) and flow.port.isdigit():
            continue  # of the port that sshd left another lint tells
        ports = dict.fromkeys(
            f"{p}/{protocol}" for found in known.values() for protocol, p in found
        )
        listens = "is known to listen" if workstations else "listens"
        message = (
            f"nothing of {listed(list(known))} {listens} at {flow.port}/{flow.protocol}, but at "
            f"{listed(list(ports))}: take the flow away, or name in firewall.listeners, with "
            "`address: any`, what serves it"
        )
        yield subject.in_policy(("flows", index, "port"), message)


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


def _may_be_a_call(flow: Flow, ports: list[int]) -> bool:
    """Whether a flow may bring calls, or voice, to a telephone that is a program."""
    return flow.protocol == "udp" or any(covers(flow, "tcp", port) for port in ports)


def _leads_to(flow: Flow, entry: Any, host: Host) -> bool:
    """Whether a flow comes to a host at a port of a listener."""
    return host.in_group(flow.destination) and share_a_port(flow, entry)


def _shut_in(flow: Flow, listeners: list[Any], host: Host) -> Any:
    """Return the first listener of a host that a flow leads to, and that is on the loopback alone.

    None where there is none.
    """
    here = [e for e in listeners if groups_meet(host, e.groups) and _leads_to(flow, e, host)]
    seen = [entry for entry in here if entry.address == "any"]
    for entry in here:
        if entry.address == "loopback" and not any(share_a_port(entry, one) for one in seen):
            return entry
    return None


def _services(subject: Subject, host: Host) -> list[tuple[str, int]]:
    """Return the ports at which Ringfence's own services of a host listen."""
    ports = [("tcp", ssh_port(subject.site))]
    if host.in_group(COLLECTOR):
        ports.append(("tcp", subject.settings("logging").port))
    if subject.settings("time").serves(host):
        ports.append(("udp", TIME))
    return ports


LINTS: list[Lint] = [
    refuses(agent_with_a_servers_role),
    warns(flow_to_a_loopback_service),
    warns(flow_that_nothing_serves),
    warns(listener_that_no_flow_reaches),
    warns(service_to_be_stopped),
]
