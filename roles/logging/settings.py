"""What a site decides about its logs: where they go, how long they are kept, how much waits."""

from pydantic import Field

from ringfence.site import Classification, Host, Section, Site
from ringfence.site.section import HostName, Port

COLLECTOR = "log_collector"
TWO_YEARS = 730
"""Days that a host classified high keeps its record of accesses (RD 1720/2007 art. 103.4)."""
AT_LEAST = 400
"""Days that other hosts' logs are kept: a year (PCI DSS 10.5.1), and what a late audit needs."""


class Settings(Section):
    """Where logs go, how long they are kept, and how much of them waits on a host."""

    port: Port = 2514
    """The port at which the collector takes logs (RELP over TLS)."""
    retention_days: int | None = Field(default=None, ge=AT_LEAST, le=36500)
    """Days for which logs are kept. Without it 730 for hosts classified high (RD 1720/2007
    art. 103.4: two years), and 400 for others (PCI DSS 10.5.1: twelve months). Logs with the record
    of accesses are kept longer where `retention.access_records_days` is more."""
    anchor: HostName | None = None
    """The host, another than the collector, that keeps the heads of the archive's chain."""
    journal_megabytes: int = Field(default=1000, ge=100, le=1_000_000)
    """The most that a host's own journal takes of its disk. What the collector can't take waits
    there, so it is also how long the collector may be away."""
    keep_free_megabytes: int = Field(default=500, ge=50, le=1_000_000)
    """What the journal leaves free on its disk."""
    heartbeat_minutes: int = Field(default=5, ge=1, le=5)
    """How often a host that has nothing to say says that it is there. One that is silent for ten
    minutes is reported."""

    def days_kept(self, host: Host) -> int:
        """Return the days for which a host's logs are kept, by its classification at least."""
        least = TWO_YEARS if host.classification >= Classification.HIGH else AT_LEAST
        return max(self.retention_days or 0, least)


def collectors(site: Site) -> list[Host]:
    """Return the hosts that take logs; all hosts send theirs to the first."""
    return [host for host in site.hosts.values() if host.in_group(COLLECTOR)]
