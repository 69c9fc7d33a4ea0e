"""What the site declares open, worked out from its flows for the comparison with a host."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network
from typing import Any

from ringfence.site import Host, Site

INTERNET = "internet"
ESSENTIALS_IN = {
    "iifname lo",
    "ct state established, related",
    "at most 20 a second icmp type echo-request",
    "at most 20 a second icmpv6 type echo-request",
    "icmpv6 type nd-neighbor-advert, nd-neighbor-solicit, nd-router-advert ip6 hoplimit 255",
    "icmpv6 type mld-listener-query, mld-listener-report, mld2-listener-report",
}
ESSENTIALS_OUT = {
    "oifname lo",
    "ct state established, related",
    "icmp type echo-request",
    "icmpv6 type echo-request, mld-listener-report, mld2-listener-report, nd-neighbor-advert, "
    "nd-neighbor-solicit, nd-router-solicit",
}
ESSENTIALS_THROUGH = {"ct state established, related"}
DHCP_IN = {"udp 68 udp sport 67", "udp 546 udp sport 547"}
DHCP_OUT = {"udp 67 udp sport 68", "udp 547 udp sport 546"}


class DeclaredPaths:
    """The paths that the site allows a host."""

    def __init__(self, site: Site, declared: Host) -> None:
        """Work them out for the host `declared`."""
        self.site, self.host = site, declared
        self.settings = site.policy.role("firewall")
        self.ssh_port = site.policy.role("ssh").port
        self.by_address = {host.address: host for host in site.hosts.values()}

    @property
    def is_gateway(self) -> bool:
        """Whether the host passes packets on."""
        return any(self.host.in_group(group) for group in self.settings.gateways)

    def inbound(self) -> set[str]:
        """Return the openings inwards, in the words of `PacketRules.openings`."""
        found = set(ESSENTIALS_IN) | (DHCP_IN if self.settings.dhcp else set())
        for network in self.settings.administration:
            found.add(f"tcp {self.ssh_port} from {_short(network)}")
        for flow in self.site.policy.flows:
            if self.host.in_group(flow.destination):
                found |= self._told(flow, "from", flow.source)
        return found

    def outbound(self) -> set[str]:
        """Return the openings outwards."""
        found = set(ESSENTIALS_OUT) | (DHCP_OUT if self.settings.dhcp else set())
        for flow in self.site.policy.flows:
            if self.host.in_group(flow.source):
                found |= self._told(flow, "to", flow.destination)
        for egress in self._egress():
            for end in egress.to:
                ends = self._outside("to") if end == INTERNET else {f"to {_short(end)}"}
                found |= {f"{egress.protocol} {egress.port} {words}" for words in ends}
        return found

    def through(self) -> set[str]:
        """Return what a gateway passes on; nothing on another host."""
        if not self.is_gateway:
            return set()
        found = set(ESSENTIALS_THROUGH)
        for flow in self.site.policy.flows:
            for source in self._members(flow.source):
                for destination in self._members(flow.destination):
                    if ip_address(source).version == ip_address(destination).version:
                        found.add(f"{flow.protocol} {flow.port} from {source} to {destination}")
        return found

    def lets_in(self, source: str, protocol: str, port: int) -> bool:
        """Whether the host takes a new connection from an address."""
        for network in self.settings.administration:
            if _within(source, network) and (protocol, port) == ("tcp", self.ssh_port):
                return True
        return any(
            self.host.in_group(flow.destination) and self._is_in(source, flow.source)
            for flow in self._flows(protocol, port)
        )

    def lets_out(self, destination: str, protocol: str, port: int) -> bool:
        """Whether the host may open a connection to an address."""
        for egress in self._egress():
            first, _, last = egress.port.partition("-")
            if egress.protocol == protocol and int(first) <= port <= int(last or first):
                for end in egress.to:
                    outside = end == INTERNET and destination not in self.by_address
                    if outside or (end != INTERNET and _within(destination, end)):
                        return True
        return any(
            self.host.in_group(flow.source) and self._is_in(destination, flow.destination)
            for flow in self._flows(protocol, port)
        )

    def ports(self) -> list[int]:
        """Return the ports worth a try: both ends of each range and what lies beyond them."""
        found = {25, self.ssh_port}
        ranges = [flow.port for flow in self.site.policy.flows]
        ranges += [egress.port for egress in self.settings.egress]
        for ports in ranges:
            first, _, last = ports.partition("-")
            found |= {int(first), int(last or first)}
            if last:
                found |= {int(first) - 1, int(last) + 1}
        return sorted(port for port in found if 0 < port < 65536)

    def peers(self) -> list[Host]:
        """Return one host of each group, in order, never the host itself."""
        chosen: dict[str, Host] = {}
        for hosts in self.site.groups.values():
            others = [host for host in hosts if host.name != self.host.name]
            if others:
                chosen.setdefault(others[0].name, others[0])
        return list(chosen.values())

    def may_listen(self, protocol: str, address: str, port: int, process: str) -> bool:
        """Whether the site declares a socket."""
        if (protocol, port) == ("tcp", self.ssh_port):
            return process == "sshd"
        if self.settings.dhcp and protocol == "udp" and port in {68, 546}:
            return True
        flows = self._flows(protocol, port)
        if any(self.host.in_group(flow.destination) for flow in flows):
            return True
        return any(
            entry.protocol == protocol
            and _in_range(port, entry.port)
            and entry.process == process
            and (entry.address == "any" or _is_loopback(address))
            for entry in self.listeners()
        )

    def listeners(self) -> list[Any]:
        """Return the listeners that the policy declares for the host."""
        return [
            entry
            for entry in self.settings.listeners
            if any(self.host.in_group(group) for group in entry.groups)
        ]

    def _flows(self, protocol: str, port: int) -> Iterator[Any]:
        return (
            flow
            for flow in self.site.policy.flows
            if flow.protocol == protocol and _in_range(port, flow.port)
        )

    def _egress(self) -> Iterator[Any]:
        for egress in self.settings.egress:
            if any(self.host.in_group(group) for group in egress.groups):
                yield egress

    def _members(self, group: str) -> list[str]:
        return [
            host.address
            for host in self.site.hosts.values()
            if group != INTERNET and host.in_group(group) and host.name != self.host.name
        ]

    def _told(self, flow: Any, word: str, group: str) -> set[str]:
        ends: Iterable[str] = {f"{word} {address}" for address in self._members(group)}
        if group == INTERNET:
            ends = self._outside(word)
        return {f"{flow.protocol} {flow.port} {end}" for end in ends}

    def _outside(self, word: str) -> set[str]:
        found = set()
        for version in (4, 6):
            own = sorted(a for a in self.by_address if ip_address(a).version == version)
            but = f"{word} anywhere in IPv{version} but {', '.join(own)}"
            found.add(but if own else f"by IPv{version}")
        return found

    def _is_in(self, address: str, group: str) -> bool:
        host = self.by_address.get(address)
        if group == INTERNET:
            return host is None
        return host is not None and host.in_group(group) and host.name != self.host.name


def _in_range(port: int, ports: str) -> bool:
    first, _, last = ports.partition("-")
    return int(first) <= port <= int(last or first)


def _within(address: str, network: str) -> bool:
    one, many = ip_address(address), ip_network(network)
    return one.version == many.version and one in many


def _is_loopback(address: str) -> bool:
    return address != "*" and ip_address(address).is_loopback


def _short(network: str) -> str:
    parsed = ip_network(network)
    return str(parsed.network_address) if parsed.num_addresses == 1 else str(parsed)
