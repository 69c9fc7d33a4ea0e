"""Whose time counts, and whether hosts can ask: what the role `time` declares and flows allow."""

from collections.abc import Iterator

from ringfence.site.hosts import Host
from ringfence.site.lints.lint import Lint, Subject, listed, warns
from ringfence.site.lints.paths import Wanted, leaves
from ringfence.site.problems import Problem

TIME = Wanted((("udp", 123),))
"""NTP (RFC 5905)."""
KEYS = Wanted((("tcp", 4460),))
"""NTS-KE (RFC 8915), by which the keys come that NTP is authenticated with."""
ENOUGH = 3


def no_time_is_declared(subject: Subject) -> Iterator[Problem]:
    """Nobody says where the site's time comes from.

    Hosts keep the daemon that they have, and TIM-01 is red: records of several hosts can't be
    ordered (PCI DSS 10.6.2).
    """
    settings = subject.settings("time")
    if subject.hosts_with("time") and not settings.is_declared:
        message = (
            "names neither sources of time nor servers of the site's: name `sources`, or "
            "`servers` and `isolated: true` where nothing outside can be reached"
        )
        yield subject.in_policy(("time",), message, key=True)


def server_of_time_out_of_reach(subject: Subject) -> Iterator[Problem]:
    """No flow leads from a host to a server of the site's time.

    The packet filters of both drop its questions, and its clock drifts.
    """
    settings = subject.settings("time")
    for at, name in enumerate(settings.servers if settings else ()):
        server = subject.site.hosts[name]
        hosts = [h for h in subject.hosts_with("time") if h.name != name]
        cut_off = [h.name for h in hosts if not _leads(subject, h, server)]
        if cut_off:
            message = (
                f"no flow leads from {listed(cut_off)} to {name} by 123/udp, so they can't ask it "
                "for the time: add one"
            )
            yield subject.in_policy(("time", "servers", at), message)


def source_of_time_out_of_reach(subject: Subject) -> Iterator[Problem]:
    """Hosts can't reach a source of time outside that they must ask.

    NTP wants a way out by 123/udp; NTS one by 4460/tcp, too.
    """
    settings = subject.settings("time")
    asking = [
        h
        for h in subject.hosts_with("time")
        if settings.sources and (settings.serves(h) or not settings.servers)
    ]
    for at, source in enumerate(settings.sources if asking else ()):
        for wanted, port in ((TIME, "123/udp"), *([(KEYS, "4460/tcp")] if source.nts else [])):
            cut_off = [h.name for h in asking if not leaves(subject, h, source.address, wanted)]
            if cut_off:
                message = (
                    f"nothing lets {listed(cut_off)} out to {source.address} by {port}: "
                    "add it to firewall.egress"
                )
                yield subject.in_policy(("time", "sources", at), message)


def too_few_sources_of_time(subject: Subject) -> Iterator[Problem]:
    """The site has one or two sources of time outside.

    If one of two is wrong, nobody can tell which (RFC 8633, 3.2).
    """
    settings = subject.settings("time")
    if subject.hosts_with("time") and 0 < len(settings.sources) < ENOUGH:
        message = (
            f"{len(settings.sources)} of them can't outvote a wrong one: name {ENOUGH} at least"
        )
        yield subject.in_policy(("time", "sources"), message, key=True)


def _leads(subject: Subject, host: Host, server: Host) -> bool:
    """Whether a flow lets a host ask a server; without the firewall nothing stops it."""
    if subject.settings("firewall") is None:
        return True
    flows = [f for f in subject.site.policy.flows if TIME.met_by(f)]
    return any(host.in_group(f.source) and server.in_group(f.destination) for f in flows)


LINTS: list[Lint] = [
    warns(no_time_is_declared),
    warns(server_of_time_out_of_reach),
    warns(source_of_time_out_of_reach),
    warns(too_few_sources_of_time),
]
