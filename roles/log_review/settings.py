"""What a site decides about the daily review of logs."""

from pydantic import Field

from ringfence.site import Section, Site
from ringfence.site.networks import own_networks
from ringfence.site.section import Clock, GroupName, Network


class Settings(Section):
    """The daily review of logs on the collector: whose events are ours, and what is too much.

    When people work stands in the section `working_hours`.
    """

    review_time: Clock = "01:10"
    """When the logs of the day before are reviewed, in UTC: `HH:MM`."""
    internal: list[Network] = Field(default_factory=list)
    """Networks of the organisation's own, beside its hosts and those from which they are
    administered: offices, agents at home by VPN. What comes from elsewhere is external."""
    clients: dict[GroupName, list[Network]] = Field(default_factory=dict)
    """Networks of clients, by their names in the section `clients`: what comes from there is
    theirs."""
    failed_logins: int = Field(default=10, ge=1, le=10_000)
    """Failed log-ins from one place on one host, in a day, that somebody has to look at."""
    refused_commands: int = Field(default=3, ge=1, le=10_000)
    """Commands as another account (sudo, su) that a person was refused on one host, in a day."""
    refused_accesses: int = Field(default=20, ge=1, le=100_000)
    """Files that a person was refused on one host, in a day."""
    refused_packets: int = Field(default=100, ge=1, le=1_000_000)
    """Packets of one of our own addresses that a host dropped, in a day. (Of those from outside
    there are thousands each day: they are counted.)"""
    acknowledge_within: int = Field(default=1, ge=1, le=10)
    """Working days within which somebody has to acknowledge an exception, from the next one on."""

    @property
    def limits(self) -> dict[str, int]:
        """How many of a kind in a day are an exception."""
        return {
            "access-denied": self.refused_accesses,
            "login-failed": self.failed_logins,
            "packet-dropped": self.refused_packets,
            "privilege-denied": self.refused_commands,
        }

    def internal_networks(self, site: Site) -> list[str]:
        """Return the networks whose events are internal, without doubles, in order."""
        return own_networks(site, self.internal)
