"""What a site decides about time: whose clock counts, and who asks whom."""

from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field, model_validator

from ringfence.site import Host, Section, Site
from ringfence.site.section import Address, HostName, Line

LOCAL = "10 orphan"
"""The stratum that a server gives itself while no source answers, far below any real one. Servers
agree on one of them (chrony.conf(5), `orphan`)."""
LOCAL_OF_THE_REFERENCE, LOCAL_OF_OTHERS = "10", "12"
"""In an isolated site all follow the first server; the others stand in for it while it is off."""


class Source(Section):
    """A source of time outside the site."""

    address: Address
    """Its IP address, or a DNS name where hosts reach a name server. NTS wants the name that stands
    in the source's certificate."""
    nts: bool = False
    """Whether it proves by NTS (RFC 8915) who it is: say yes wherever that is offered. It needs a
    way out by 4460/tcp beside 123/udp."""


@dataclass(frozen=True)
class Upstream:
    """Whom a host asks for the time."""

    address: str
    nts: bool
    near: bool
    """whether it is a host of the site's, which may be asked often"""
    trusted: bool = False
    """whether it outvotes those that prove nothing, which may stand in for it while it is silent"""


class Settings(Section):
    """Time: one authority for the site, and the sources outside that it asks."""

    servers: list[HostName] = Field(default_factory=list)
    """The hosts that are the site's authority: they ask the sources outside and each other, and
    every other host asks them alone. Two or three, or none: then each host asks the sources."""
    sources: list[Source] = Field(default_factory=list)
    """The sources outside. A wrong one is outvoted from three on."""
    isolated: bool = False
    """Whether the site has no source outside, so that the first server's own clock is its time."""
    others: Literal["report", "stop"] = "report"
    """What becomes of programs that keep the time, or speak NTP, beside chrony: they stay, and
    TIM-01 red, or are stopped by each apply. Packages' own daemons are masked in any case."""
    largest_offset: float = Field(default=0.5, gt=0, le=5)
    """By how many seconds a clock may differ from its sources."""
    local_time: list[Line] = Field(default=["agents"])
    """The groups whose hosts may show local time; all others show UTC."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.servers and not self.sources and not self.isolated:
            raise ValueError(
                "names servers, and no sources from which they take their time: name sources, or "
                "write `isolated: true` where nothing outside can be reached"
            )
        if self.isolated and self.sources:
            raise ValueError("is isolated and names sources: keep one of the two")
        if self.isolated and not self.servers:
            raise ValueError("is isolated, so it needs servers: name the hosts whose clock counts")
        for what, names in (
            ("servers", self.servers),
            ("sources", [source.address for source in self.sources]),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"names {twice[0]!r} twice in {what}")
        return self

    @property
    def is_declared(self) -> bool:
        """Whether the site says anything of where its time comes from."""
        return bool(self.servers or self.sources)

    def serves(self, host: Host) -> bool:
        """Whether a host is part of the site's authority."""
        return host.name in self.servers

    def is_reference(self, host: Host) -> bool:
        """Whether a host's own clock is the site's time, so that it has nobody to ask."""
        return self.isolated and self.servers[:1] == [host.name]

    def upstreams(self, site: Site, host: Host) -> list[Upstream]:
        """Return whom a host asks, in the order of the policy; the reference asks nobody.

        Raises KeyError for a server that is no host of the site's; `check` refuses those.
        """
        # While sources with NTS are silent, chrony follows no plain one, not even another server
        # of the site's (`authselectmode mix`). Where some outside are plain that is right: who cuts
        # NTS off must not be whom hosts follow then.
        proven = all(source.nts for source in self.sources)
        outside = [
            Upstream(source.address, source.nts, near=False, trusted=proven)
            for source in self.sources
        ]
        others = [
            Upstream(site.hosts[name].address, nts=False, near=True)
            for name in self.servers
            if name != host.name
        ]
        if self.is_reference(host):
            return []
        if self.serves(host):
            return outside + others
        return others if self.servers else outside

    def local(self, host: Host) -> str:
        """Return what chrony's directive `local stratum` says on a server."""
        if not self.isolated:
            return LOCAL
        return LOCAL_OF_THE_REFERENCE if self.is_reference(host) else LOCAL_OF_OTHERS

    def clients(self, site: Site, host: Host) -> list[str]:
        """Return the addresses that may ask a host: of all other hosts, if it is a server."""
        if not self.serves(host):
            return []
        return [other.address for other in site.hosts.values() if other.name != host.name]

    def shows_utc(self, host: Host) -> bool:
        """Whether a host must show UTC."""
        return not any(host.in_group(group) for group in self.local_time)
