"""What a site decides about the archive of logs on the collector."""

from pydantic import Field

from ringfence.site import Classification, Host, Policy, Section
from ringfence.site.section import Clock, GroupName

ARCHIVE = "/srv/logs"
REFUSING = "/run/ringfence-log-receiver/refusing"
"""The file that is there while the archive can't be written, and nothing is accepted."""
TWO_YEARS = 730
"""Days; RD 1720/2007 art. 103.4, for hosts classified high."""
AT_LEAST = 400
"""Days; PCI DSS 10.5.1 asks for twelve months."""


class Settings(Section):
    """The archive of all hosts' logs: when the files of a day that is over are closed.

    How long they are kept stands in the section `logging`.
    """

    close_time: Clock = "00:20"
    """When the files of the day before are closed, in UTC: `HH:MM`. What could not be closed then,
    because it was still being written to, is tried again each hour."""
    close_delay_minutes: int = Field(default=10, ge=0, le=60)
    """By how much that moment may be late."""
    least_free_percent: int = Field(default=10, ge=1, le=50)
    """The part of the archive's disk that must be free: with less, LOG-07 is red and people are
    told each hour. On a disk that is full nothing is accepted, and hosts keep what they say."""
    silent_minutes: int = Field(default=15, ge=10, le=1440)
    """After how many minutes without a host's logs people are told; a host that has nothing to say
    says so every five."""
    may_be_silent: list[GroupName] = Field(default=["agents"])
    """Groups whose hosts people switch off: of their silence nobody is told."""


def days_kept(policy: Policy, host: Host) -> int:
    """Return the days for which a host's logs are kept: what `logging` says, and what `retention`
    says where accesses are on record; never less than the host's classification demands."""
    days = [TWO_YEARS if host.classification >= Classification.HIGH else AT_LEAST]
    if logging := getattr(policy, "logging", None):
        days.append(int(logging.days_kept(host)))
    if has_accesses(policy, host):
        days.append(policy.retention.access_records_days)
    return max(days)


def has_accesses(policy: Policy, host: Host) -> bool:
    """Whether the record of accesses is among a host's logs: it has data, of whatever level, or
    what it is marked with asks for such a record."""
    permissions = getattr(policy, "permissions", None)
    data = permissions.data_of(host) if permissions else []
    return bool(data) or host.classification >= Classification.HIGH or host.pci or host.ephi
