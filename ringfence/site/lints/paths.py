"""The ways in and out of a host, by groups: what the policy says before addresses are resolved.

`ringfence.site.flows` resolves them, and refuses hosts that have DNS names alone; a lint goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from ringfence.site.flows import INTERNET, ssh_port
from ringfence.site.hosts import Host
from ringfence.site.lints.lint import Subject
from ringfence.site.policy import Flow
from ringfence.site.section import as_ip


@dataclass(frozen=True)
class Wanted:
    """A service that a host needs: any of these ports, of tcp or udp."""

    ports: tuple[tuple[str, int], ...]

    def met_by(self, entry: Any) -> bool:
        """Whether a flow or an egress opens one of the ports."""
        return any(covers(entry, protocol, port) for protocol, port in self.ports)


def covers(entry: Any, protocol: str, port: int) -> bool:
    """Whether a flow, an egress or a listener is about a port."""
    first, last = _ports(entry)
    return entry.protocol == protocol and first <= port <= last


def share_a_port(one: Any, other: Any) -> bool:
    """Whether two flows, egresses or listeners are about a port that is the same."""
    (first, last), (low, high) = _ports(one), _ports(other)
    return one.protocol == other.protocol and first <= high and low <= last


def groups_meet(host: Host, groups: list[str]) -> bool:
    """Whether a host is in one of the groups."""
    return any(host.in_group(group) for group in groups)


def leads_to_another(subject: Subject, flow: Flow, host: Host) -> bool:
    """Whether a flow leads from a host to something that isn't this host alone."""
    if not host.in_group(flow.source):
        return False
    others = (other for other in subject.site.hosts.values() if other.name != host.name)
    return flow.destination == INTERNET or any(o.in_group(flow.destination) for o in others)


def reaches(subject: Subject, host: Host, wanted: Wanted) -> bool:
    """Whether a flow or an egress lets a host reach a service somewhere else."""
    settings = subject.settings("firewall")
    egress = [entry for entry in settings.egress if groups_meet(host, entry.groups)]
    flows = [f for f in subject.site.policy.flows if leads_to_another(subject, f, host)]
    return any(wanted.met_by(entry) for entry in (*egress, *flows))


def ways_to_sshd(subject: Subject, host: Host) -> Iterator[Flow]:
    """Yield the flows that lead to a host's sshd."""
    port = ssh_port(subject.site)
    for flow in subject.site.policy.flows:
        if host.in_group(flow.destination) and covers(flow, "tcp", port):
            yield flow


def admits(subject: Subject, host: Host, other: Host) -> bool:
    """Whether sshd of a host can be reached from another host of the site's."""
    if any(other.in_group(flow.source) for flow in ways_to_sshd(subject, host)):
        return True
    return lies_in(other.address, subject.settings("firewall").administration)


def lies_in(address: str, networks: list[str]) -> bool:
    """Whether an address is in one of the networks; a DNS name is in none."""
    found = as_ip(address)
    return found is not None and any(
        found.version == network.version and found in network
        for network in (ip_network(text, strict=False) for text in networks)
    )


def leaves(subject: Subject, host: Host, address: str, wanted: Wanted) -> bool:
    """Whether a host may open a connection to an address; a name is anywhere."""
    settings = subject.settings("firewall")
    if settings is None or host not in subject.hosts_with("firewall"):
        return True
    entries = [e for e in settings.egress if groups_meet(host, e.groups) and wanted.met_by(e)]
    flows = [f for f in subject.site.policy.flows if f.destination == INTERNET]
    if any(wanted.met_by(f) and leads_to_another(subject, f, host) for f in flows):
        return True
    return any(_includes(entry, address) for entry in entries)


def _ports(entry: Any) -> tuple[int, int]:
    """Return the first and the last port of a flow, an egress or a listener."""
    first, _, last = str(entry.port).partition("-")
    return int(first), int(last or first)


def _includes(entry: Any, address: str) -> bool:
    """Whether an egress leads to an address: names are resolved by hosts, so any may."""
    networks = [network for network in entry.to if network != INTERNET]
    return INTERNET in entry.to or as_ip(address) is None or lies_in(address, networks)
