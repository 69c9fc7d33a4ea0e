"""What hosts must reach, and can't: the firewall closes whatever the policy doesn't open."""

from collections.abc import Callable, Iterator

from ringfence.site.flows import ssh_port
from ringfence.site.hosts import Host
from ringfence.site.lints.lint import Lint, Subject, listed, warns
from ringfence.site.lints.paths import Wanted, covers, leads_to_another, reaches
from ringfence.site.problems import Problem, shown
from ringfence.site.section import as_ip

NAMES = Wanted((("udp", 53), ("tcp", 53), ("tcp", 853)))
"""DNS, and DNS over TLS (RFC 7858)."""
TIME = Wanted((("udp", 123),))
"""NTP (RFC 5905). NTS brings its keys by 4460/tcp, and the time by 123/udp all the same."""
PACKAGES = Wanted(tuple(("tcp", port) for port in (80, 443, 3128, 3142, 8080)))
"""http and https, and the usual ports of proxies and of apt-cacher-ng."""

COLLECTOR = "log_collector"


def no_name_server(subject: Subject) -> Iterator[Problem]:
    """Hosts reach no name server.

    Names of mirrors, carriers and partners can't be resolved once the firewall is applied.
    """
    yield from _unreached(subject, NAMES, "no name server", "53/udp, 53/tcp or 853/tcp")


def no_time_source(subject: Subject) -> Iterator[Problem]:
    """Hosts reach no source of time.

    Clocks drift apart, and with them what logs prove, until one-time codes and certificates are
    refused. With the role `time`, which knows whom hosts ask, its own lints tell it.
    """
    if subject.settings("time") is not None:
        return
    yield from _unreached(subject, TIME, "no source of time", "123/udp")


def no_package_mirror(subject: Subject) -> Iterator[Problem]:
    """Hosts reach no mirror of Debian's packages.

    Security updates stay away, and an apply that needs a package fails. Any flow or egress counts
    that lets out http, https, or a usual port of proxies.
    """
    mirror, ports = "no mirror of Debian's packages", "80, 443, 3128, 3142 or 8080/tcp"
    yield from _unreached(subject, PACKAGES, mirror, ports)


def no_collector(subject: Subject) -> Iterator[Problem]:
    """The site has a log collector, and hosts have no flow to it.

    Their logs stay where an intruder can change them (PCI DSS 10.3.3). A flow to its sshd is none.
    With the role `logging`, which knows the port, `logs-without-a-flow` tells it.
    """
    if COLLECTOR not in subject.site.groups or subject.settings("logging") is not None:
        return
    port = ssh_port(subject.site)
    flows = [
        flow
        for flow in subject.site.policy.flows
        if flow.destination == COLLECTOR and not (covers(flow, "tcp", port) and flow.port.isdigit())
    ]
    hosts = [host for host in subject.hosts_with("firewall") if not host.in_group(COLLECTOR)]
    cut_off = _without(hosts, lambda h: any(leads_to_another(subject, flow, h) for flow in flows))
    if cut_off:
        message = (
            f"no logs get to {COLLECTOR} from {listed(cut_off)}: no flow leads there, but to sshd; "
            "add one"
        )
        yield subject.in_policy(("flows",), message, key=True)


def named_host(subject: Subject) -> Iterator[Problem]:
    """A host has a DNS name for an address, and the firewall.

    Packet filters know no names, so the role `firewall` can be neither planned nor judged, on any
    host.
    """
    for host in subject.hosts_with("firewall"):
        if as_ip(host.address) is None:
            message = (
                f"{shown(host.address)} is a name, which no packet filter knows, so no host gets "
                "its firewall: write the IP address"
            )
            yield subject.in_hosts(("hosts", host.name, "address"), message)


def _unreached(subject: Subject, wanted: Wanted, what: str, ports: str) -> Iterator[Problem]:
    if subject.is_a_lab:
        return
    hosts = subject.hosts_with("firewall")
    if cut_off := _without(hosts, lambda host: reaches(subject, host, wanted)):
        message = (
            f"{what} can be reached from {listed(cut_off)}: nothing lets out {ports}; "
            "add its address to firewall.egress"
        )
        yield subject.in_policy(("firewall", "egress"), message, key=True)


def _without(hosts: list[Host], has: Callable[[Host], bool]) -> list[str]:
    return [host.name for host in hosts if not has(host)]


LINTS: list[Lint] = [
    warns(no_name_server),
    warns(no_time_source),
    warns(no_package_mirror),
    warns(no_collector),
    warns(named_host),
]
