"""What a site decides about its packet filters, beside the flows of policy.yml."""

from typing import Literal

from pydantic import Field

from ringfence.site import Section
from ringfence.site.section import Line, Network, Port, Ports

Destination = Literal["internet"] | Network
"""An address or a network, or `internet`: every address that is no host of the site's."""


class Egress(Section):
    """What hosts may open towards addresses that are no hosts of the site's."""

    groups: list[Line] = Field(default=["all"], min_length=1)
    """The groups whose hosts may."""
    to: list[Destination] = Field(min_length=1)
    """Addresses, networks, or `internet`."""
    port: Ports
    """A port (53) or a range in quotes."""
    protocol: Literal["tcp", "udp"]
    """tcp or udp."""
    purpose: Line
    """What it is for, for the auditor who reads the rules."""


class Listener(Section):
    """A service that listens although no flow leads to it."""

    groups: list[Line] = Field(default=["all"], min_length=1)
    """The groups on whose hosts it listens."""
    port: Ports
    """A port or a range in quotes."""
    protocol: Literal["tcp", "udp"]
    """tcp or udp."""
    address: Literal["any", "loopback"] = "loopback"
    """Whether it listens on the loopback alone. Declaring it opens nothing."""
    process: Line
    """The name of the process, as `ss -p` shows it."""


class SipLimits(Section):
    """How many new connections one address may open to the SIP ports of a pbx."""

    ports: list[Port] = Field(default=[5060, 5061], min_length=1)
    """The ports on which the pbx takes calls."""
    new_per_second: int = Field(default=20, ge=1, le=1000)
    """New connections a second from one address."""
    burst: int = Field(default=60, ge=1, le=5000)
    """How many may come at once."""
    ban_minutes: int = Field(default=10, ge=1, le=1440)
    """For how long an address that exceeds it is shut out."""


class Settings(Section):
    """How the packet filter of every host behaves; the flows of the site decide what is open."""

    administration: list[Network] = Field(default_factory=list)
    """Addresses from which Ringfence reaches sshd of every host, beside the flows."""
    egress: list[Egress] = Field(default_factory=list)
    """Name servers, time, package mirrors: what hosts may reach outside the site."""
    listeners: list[Listener] = Field(default_factory=list)
    """Services that listen although no flow leads to them."""
    stop_undeclared: bool = False
    """Whether an apply stops and disables the service of a listener that nothing declares."""
    gateways: list[Line] = Field(default=["vpn_gateway"])
    """The groups whose hosts pass packets on: those of flows between other hosts, nothing else."""
    dhcp: bool = False
    """Whether hosts get addresses by DHCP."""
    log_per_second: int = Field(default=5, ge=1, le=100)
    """How many dropped packets a second are logged in each direction."""
    log_burst: int = Field(default=20, ge=1, le=500)
    """How many may be logged at once."""
    sip: SipLimits = SipLimits()
    """What protects a pbx from floods of calls."""
