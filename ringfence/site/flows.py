"""The flow matrix, resolved: what each host lets in, out and through, and why one path is open.

Pure: it asks no host. `internet` means every address that is no host of the site's, so a flow
to the internet never opens a way to another group.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network
from typing import Any, Literal

from ringfence.errors import UsageError
from ringfence.site.hosts import KNOWN_GROUPS, Host
from ringfence.site.policy import Flow
from ringfence.site.problems import nearest
from ringfence.site.section import as_ip
from ringfence.site.site import Site

INTERNET = "internet"
Protocol = Literal["tcp", "udp"]
ROLE = "firewall"


@dataclass(frozen=True)
class Rule:
    """One thing that a packet filter accepts."""

    sources: tuple[str, ...]
    """Addresses and networks, (`internet`,), or () for the host itself."""
    destinations: tuple[str, ...]
    """The same, for the other end."""
    protocol: str
    ports: tuple[int, int]
    """First and last port of the destination."""
    purpose: str
    origin: str
    """Where the site's files say so: `flows[3]`, `firewall.administration`."""

    @property
    def port(self) -> str:
        """The port or range, as policy.yml writes it."""
        first, last = self.ports
        return str(first) if first == last else f"{first}-{last}"

    def covers(self, protocol: str, port: int) -> bool:
        """Whether the rule is about a port."""
        return self.protocol == protocol and self.ports[0] <= port <= self.ports[1]


@dataclass(frozen=True)
class HostRules:
    """Everything that one host accepts; what isn't here is closed."""

    inbound: list[Rule]
    outbound: list[Rule]
    forwarded: list[Rule]
    """Empty on a host that is no gateway."""
    is_gateway: bool
    addresses: tuple[str, ...]
    """The addresses of all of the site's hosts."""


@dataclass(frozen=True)
class Line:
    """One line of the matrix, as the site's files write it."""

    source: str
    """A group, `internet`, or addresses with commas."""
    destination: str
    """The same; `all` for every group."""
    port: str
    protocol: str
    purpose: str
    origin: str


@dataclass(frozen=True)
class Path:
    """Whether one path is open, and by which rule at each end."""

    source: str
    destination: str
    protocol: str
    port: int
    leaving: Rule | None
    """The rule that lets it leave its source; None when none does, or for no host of ours."""
    entering: Rule | None
    """The rule that lets it in at its destination; likewise."""
    source_is_host: bool
    destination_is_host: bool

    @property
    def allowed(self) -> bool:
        """Whether every end that is ours lets it pass."""
        leaves = self.leaving is not None or not self.source_is_host
        enters = self.entering is not None or not self.destination_is_host
        return leaves and enters

    @property
    def sentence(self) -> str:
        """Say which rule lets it pass, or which end drops it."""
        path = f"{self.source} → {self.destination} {self.port}/{self.protocol}"
        if self.allowed:
            rule = self.entering or self.leaving
            assert rule is not None
            return f"{path}: allowed by {rule.origin} ({rule.purpose})"
        if self.source_is_host and self.leaving is None:
            rejects = f"{self.source} rejects it on the way out"
            if self.destination_is_host and self.entering is None:
                rejects += f", and {self.destination} would reject it on the way in"
            elif self.entering is not None:
                rejects += f", though {self.entering.origin} would let it in"
            return f"{path}: dropped: no flow allows it; {rejects}"
        return f"{path}: dropped: no flow allows it; {self.destination} rejects it on the way in"


def host_rules(site: Site, host: Host) -> HostRules:
    """Return what a host must accept, by the flows and by the settings of the role `firewall`.

    Raises UsageError for a host that is known by a DNS name alone, and for an egress or a gateway
    of a group that doesn't exist.
    """
    settings = firewall_settings(site)
    check_groups(site, settings)
    addresses = {name: address_of(other) for name, other in site.hosts.items()}
    gateways = settings.gateways if settings else ()
    is_gateway = any(host.in_group(group) for group in gateways)
    flows = list(_flow_rules(site, addresses))
    own = addresses[host.name]
    return HostRules(
        inbound=[
            *_administration(site, settings),
            *_kept(
                replace(r, sources=_others(r.sources, own), destinations=())
                for r, flow in flows
                if host.in_group(flow.destination)
            ),
        ],
        outbound=[
            *_kept(
                replace(r, sources=(), destinations=_others(r.destinations, own))
                for r, flow in flows
                if host.in_group(flow.source)
            ),
            *_egress(host, settings),
        ],
        forwarded=[r for r in _forwarded(flows, own) if is_gateway],
        is_gateway=is_gateway,
        addresses=tuple(addresses.values()),
    )


def matrix(site: Site) -> list[Line]:
    """Return everything that the site declares open, in the order of its files.

    Raises UsageError like `host_rules`.
    """
    settings = firewall_settings(site)
    check_groups(site, settings)
    lines = [
        Line(f.source, f.destination, f.port, f.protocol, f.purpose, f"flows[{number}]")
        for number, f in enumerate(site.policy.flows)
    ]
    for rule in _administration(site, settings):
        ends = ", ".join(map(_short, rule.sources))
        lines.append(Line(ends, "all", rule.port, rule.protocol, rule.purpose, rule.origin))
    for number, e in enumerate(settings.egress if settings else ()):
        origin = f"firewall.egress[{number}]"
        lines += [
            Line(group, ", ".join(map(_short, ends)), e.port, e.protocol, e.purpose, origin)
            for group in e.groups
            for ends in _by_kind(e.to)
        ]
    return lines


def explain(site: Site, source: str, destination: str, port: int, protocol: str) -> list[Path]:
    """Explain every path from one end to another: hosts, groups, `all`, addresses, `internet`.

    Raises UsageError, with the nearest name, for an end that is nothing of the kind.
    """
    paths = []
    for start in _end(site, source):
        for stop in _end(site, destination):
            if start != stop:
                paths.append(_explain(site, start, stop, port, protocol))
    if not paths:
        raise UsageError(f"{source} and {destination} are the same host: it may talk to itself")
    return paths


def firewall_settings(site: Site) -> Any:
    """Return the settings of the role `firewall`; None in a house without that role."""
    try:
        return site.policy.role(ROLE)
    except KeyError:
        return None


def ssh_port(site: Site) -> int:
    """Return the port on which sshd of every host listens."""
    try:
        return int(site.policy.role("ssh").port)
    except KeyError:
        return 22


def address_of(host: Host) -> str:
    """Return a host's address. Raises UsageError for a DNS name, which no packet filter knows."""
    if as_ip(host.address) is None:
        raise UsageError(
            f"{host.name} has the address {host.address!r} in hosts.yml: packet filters know no "
            "names, so give its IP address"
        )
    return host.address


def check_groups(site: Site, settings: Any) -> None:
    """Raise UsageError, with the nearest name, for a group of the settings that has no host."""
    named = [
        (f"egress[{i}]", entry.groups) for i, entry in enumerate(getattr(settings, "egress", ()))
    ]
    named += [
        (f"listeners[{i}]", entry.groups)
        for i, entry in enumerate(getattr(settings, "listeners", ()))
    ]
    for where, groups in named:
        for group in groups:
            if group != "all" and group not in site.groups:
                hint = nearest(group, [*site.groups, "all"])
                raise UsageError(
                    f"policy.yml: firewall.{where}: {group!r} is a group that no host is in{hint}"
                )


def _flow_rules(site: Site, addresses: dict[str, str]) -> Iterator[tuple[Rule, Flow]]:
    """Yield each flow with its rule, both ends resolved to addresses."""

    def resolve(group: str) -> tuple[str, ...]:
        if group == INTERNET:
            return (INTERNET,)
        return tuple(addresses[host.name] for host in site.hosts.values() if host.in_group(group))

    for number, flow in enumerate(site.policy.flows):
        rule = Rule(
            sources=resolve(flow.source),
            destinations=resolve(flow.destination),
            protocol=flow.protocol,
            ports=flow.ports,
            purpose=flow.purpose,
            origin=f"flows[{number}]",
        )
        yield rule, flow


def _forwarded(flows: Iterable[tuple[Rule, Flow]], own: str) -> Iterator[Rule]:
    """Yield the flows between other hosts: a gateway passes those on."""
    for rule, flow in flows:
        sources, destinations = _others(rule.sources, own), _others(rule.destinations, own)
        if sources and destinations and INTERNET not in (flow.source, flow.destination):
            yield replace(rule, sources=sources, destinations=destinations)


def _administration(site: Site, settings: Any) -> Iterator[Rule]:
    if settings and settings.administration:
        port = ssh_port(site)
        yield Rule(
            sources=tuple(settings.administration),
            destinations=(),
            protocol="tcp",
            ports=(port, port),
            purpose="administration by Ringfence",
            origin="firewall.administration",
        )


def _egress(host: Host, settings: Any) -> Iterator[Rule]:
    for number, egress in enumerate(settings.egress if settings else ()):
        if not any(host.in_group(group) for group in egress.groups):
            continue
        first, _, last = egress.port.partition("-")
        for destinations in _by_kind(egress.to):
            yield Rule(
                sources=(),
                destinations=destinations,
                protocol=egress.protocol,
                ports=(int(first), int(last or first)),
                purpose=egress.purpose,
                origin=f"firewall.egress[{number}]",
            )


def _kept(rules: Iterable[Rule]) -> Iterator[Rule]:
    """Yield the rules that still have another end: a group's only host needs no way to itself.

    What is empty on the side of the host at hand means the host itself.
    """
    return (rule for rule in rules if rule.sources or rule.destinations)


def _short(end: str) -> str:
    """Write a network of one address as that address."""
    return end.removesuffix("/128" if ":" in end else "/32")


def _others(ends: Iterable[str], own: str) -> tuple[str, ...]:
    return tuple(end for end in ends if end != own)


def _by_kind(destinations: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Split networks from `internet`: one is a list of addresses, the other all but a list."""
    found = list(destinations)
    if networks := tuple(end for end in found if end != INTERNET):
        yield networks
    if INTERNET in found:
        yield (INTERNET,)


def _end(site: Site, name: str) -> list[str]:
    if name in site.hosts or name == INTERNET:
        return [name]
    if name == "all":
        return list(site.hosts)
    if name in site.groups:
        return [host.name for host in site.groups[name]]
    if name in KNOWN_GROUPS or name in site.hosts_file.groups:
        raise UsageError(f"{name} is a group that no host of {site.name} is in: it has no path yet")
    if address := as_ip(name):
        known = [host.name for host in site.hosts.values() if host.address == str(address)]
        return known or [str(address)]
    names = [*site.hosts, *site.groups, INTERNET]
    raise UsageError(f"{site.name} has no host or group {name!r}{nearest(name, names)}")


def _explain(site: Site, source: str, destination: str, port: int, protocol: str) -> Path:
    def rule(rules: Iterable[Rule], end: str, peer: str) -> Rule | None:
        found = (r for r in rules if r.covers(protocol, port) and _matches(site, r, end, peer))
        return next(found, None)

    leaving = entering = None
    if source in site.hosts:
        rules = host_rules(site, site.hosts[source]).outbound
        leaving = rule(rules, "destinations", destination)
    if destination in site.hosts:
        rules = host_rules(site, site.hosts[destination]).inbound
        entering = rule(rules, "sources", source)
    return Path(
        source=source,
        destination=destination,
        protocol=protocol,
        port=port,
        leaving=leaving,
        entering=entering,
        source_is_host=source in site.hosts,
        destination_is_host=destination in site.hosts,
    )


def _matches(site: Site, rule: Rule, end: str, peer: str) -> bool:
    wanted: tuple[str, ...] = getattr(rule, end)
    if peer == INTERNET:
        return wanted == (INTERNET,)
    address = ip_address(site.hosts[peer].address if peer in site.hosts else peer)
    if wanted == (INTERNET,):
        return peer not in site.hosts
    return any(
        address.version == network.version and address in network
        for network in map(ip_network, wanted)
    )
