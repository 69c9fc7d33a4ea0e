"""What a site decides about what its hosts are for: software, services, schedules and radios."""

from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from ringfence.site import Host, Section
from ringfence.site.section import GroupName, Line, LoginName, Text

NOTICE = """\
This system is for authorised use only. What is done here is recorded and may be
used as evidence. If you have no permission to be here, disconnect now."""

DUTIES = """\
You are answerable for what is done with your account, and for the data that you see here.
Use them for your work alone. Report whatever looks wrong to the security officer."""

OWN_UNITS = (
    *("ringfence-guard.service", "ringfence-guard.timer", "ringfence-guard-boot.service"),
    *("ringfence-alert@.service", "ringfence-alert-test.service"),
    *("ringfence-alert-watch.service", "ringfence-alert-watch.timer"),
    *("ringfence-inactive.service", "ringfence-inactive.timer"),
    *("ringfence-mounts.service", "ringfence-swap.service"),
    *("ringfence-inventory.service", "ringfence-inventory.timer"),
    *("ringfence-permissions.service", "ringfence-permissions.timer"),
    *("ringfence-integrity.service", "ringfence-integrity.timer"),
    *("ringfence-heartbeat.service", "ringfence-heartbeat.timer"),
    *("ringfence-log-days.service", "ringfence-log-days.timer"),
    *("ringfence-log-receiver.service", "ringfence-log-sender.service"),
    *("ringfence-close-archive.service", "ringfence-close-archive.timer"),
    *("ringfence-log-room.service", "ringfence-log-room.timer"),
    *("ringfence-log-silence.service", "ringfence-log-silence.timer"),
    *("ringfence-log-review.service", "ringfence-log-review.timer"),
)
"""Units that Ringfence itself makes."""

OWN_DROP_INS = (
    "/etc/systemd/system/audit-rules.service.d/ringfence.conf",
    "/etc/systemd/system/auditd.service.d/ringfence.conf",
    "/etc/systemd/system/fail2ban.service.d/zz-ringfence-detection.conf",
    "/etc/systemd/system/chrony.service.d/zz-ringfence-time.conf",
    "/etc/systemd/system/nftables.service.d/ringfence.conf",
    "/etc/systemd/system/rsyslog.service.d/ringfence.conf",
    "/etc/systemd/system/service.d/ringfence-core.conf",
    "/etc/systemd/system/service.d/zz-ringfence-alert.conf",
)
"""Files of Ringfence's that change what a package's unit does."""

UNIT = r"^[A-Za-z0-9_][A-Za-z0-9_.:@\\-]*\.(service|socket|timer|path)$"
PACKAGE = r"^[a-z0-9][a-z0-9+.-]+$"


@dataclass(frozen=True)
class Surplus:
    """Packages that a host of a contact center has no use for."""

    what: str
    packages: tuple[str, ...]
    fit: tuple[str, ...] = ()
    """the groups whose hosts need them"""


SURPLUS = (
    Surplus("automatic mounts", ("autofs",)),
    Surplus("service discovery", ("avahi-daemon",)),
    Surplus("DHCP server", ("isc-dhcp-server", "kea-dhcp4-server", "kea-dhcp6-server", "udhcpd")),
    Surplus("name server", ("bind9", "dnsmasq", "knot", "nsd", "pdns-server", "unbound")),
    Surplus("FTP server", ("proftpd-core", "pure-ftpd", "vsftpd", "ftpd", "inetutils-ftpd")),
    Surplus("TFTP server", ("atftpd", "tftpd", "tftpd-hpa")),
    Surplus("directory server", ("slapd",)),
    Surplus("mailboxes", ("courier-imap", "cyrus-imapd", "dovecot-core")),
    Surplus("network file systems", ("nfs-kernel-server", "rpcbind", "samba")),
    Surplus("NIS", ("ypbind-mt", "ypserv")),
    Surplus("printing", ("cups-daemon",)),
    Surplus("SNMP", ("snmpd", "snmptrapd")),
    Surplus("web proxy", ("squid", "tinyproxy", "privoxy")),
    Surplus("web server", ("apache2", "lighttpd", "nginx", "nginx-core", "caddy")),
    Surplus("internet super-server", ("inetutils-inetd", "openbsd-inetd", "xinetd")),
    Surplus(
        "logins in the clear", ("rsh-server", "rsh-redone-server", "telnetd", "inetutils-telnetd")
    ),
    Surplus("remote desktop", ("tigervnc-standalone-server", "x11vnc", "xrdp")),
    Surplus("graphics", ("gdm3", "lightdm", "sddm", "xdm", "xserver-xorg-core"), fit=("agents",)),
)

FUNCTIONS = {
    "pbx": ("asterisk", "freeswitch", "kamailio", "opensips", "rtpengine-daemon", "yate"),
    "database": ("mariadb-server", "mongodb-org-server", "mysql-server", "postgresql-[0-9]*"),
    "vpn_gateway": ("libreswan", "ocserv", "strongswan-starter", "charon-systemd"),
    "log_collector": ("elasticsearch", "graylog-server", "loki", "opensearch"),
    "backup_server": ("amanda-server", "bacula-director", "bareos-director", "restic-rest-server"),
}
"""The packages by which a host does the work of a group of the product."""

PRIMARY = (
    "bastion",
    "vpn_gateway",
    "pbx",
    "database",
    "recordings",
    "log_collector",
    "backup_server",
)
"""The groups whose work is a server's primary function."""


def _two_functions(groups: list[str]) -> list[str]:
    if unknown := sorted(set(groups) - set(PRIMARY)):
        raise ValueError(f"{unknown[0]!r} is no primary function; those are {', '.join(PRIMARY)}")
    if len(set(groups)) != len(groups):
        raise ValueError("names a group twice")
    return groups


class Need(Section):
    """Software that hosts need although most hosts of a contact center don't."""

    groups: list[Line] = Field(default=["all"], min_length=1)
    """The groups on whose hosts it is needed."""
    packages: list[Annotated[str, StringConstraints(pattern=PACKAGE)]] = Field(default_factory=list)
    """Debian packages, such as tftpd-hpa."""
    units: list[Annotated[str, StringConstraints(pattern=UNIT)]] = Field(default_factory=list)
    """Units of systemd that no package brought, such as asterisk.service built from source, or
    that the site changes by drop-ins."""
    purpose: Line
    """What it is for, for the auditor who reads the list."""


class Pair(Section):
    """Primary functions that share a host."""

    groups: Annotated[list[GroupName], AfterValidator(_two_functions)] = Field(min_length=2)
    """The groups."""
    reason: Line
    """Why, for the auditor."""


class Settings(Section):
    """What hosts are for: their software and services, who may schedule, notices, radios."""

    needed: list[Need] = Field(default_factory=list)
    """Packages and units that are needed beside those that the product knows."""
    surplus: Literal["report", "remove"] = "report"
    """What becomes of packages, units, drop-ins, schedules and wireless networks that nothing
    declares: they stay and leave their controls red, or are removed and stopped. `remove` on a
    host whose needs nobody declared can end calls."""
    together: list[Pair] = Field(default_factory=list)
    """Primary functions that share a host (PCI DSS 2.2.3)."""
    schedulers: list[LoginName] = Field(default_factory=list)
    """Accounts beside root that may use cron and at."""
    notice: Text = NOTICE
    """What a console says before anybody logs in; it must not tell what the host runs."""
    duties: Text = DUTIES
    """What everybody reads after a login: their duties (ENS op.acc.6)."""
    wireless: list[Line] = Field(default=["agents"])
    """The groups whose hosts may use Wi-Fi, with WPA-Enterprise or WPA3 alone."""
    bluetooth: list[Line] = Field(default_factory=list)
    """The groups whose hosts may use Bluetooth."""

    def surplus_of(self, host: Host) -> dict[str, str]:
        """Return the packages that a host has no use for: name to what they are."""
        needed = {package for need in self._needs(host) for package in need.packages}
        return {
            package: surplus.what
            for surplus in SURPLUS
            if not any(host.in_group(group) for group in surplus.fit)
            for package in surplus.packages
            if package not in needed
        }

    @property
    def drop_ins(self) -> tuple[str, ...]:
        """Files that may change what a package's unit does."""
        return OWN_DROP_INS

    def units_of(self, host: Host) -> list[str]:
        """Return the units that a host may have although no package brought them."""
        return sorted({*OWN_UNITS, *self.sites_units_of(host)})

    def sites_units_of(self, host: Host) -> list[str]:
        """Return the units that the site declares for a host."""
        return sorted({unit for need in self._needs(host) for unit in need.units})

    def functions_of(self, host: Host) -> list[str]:
        """Return the primary functions that the site gives a host."""
        return [group for group in PRIMARY if host.in_group(group)]

    def functions_by(self, host: Host, packages: Collection[str]) -> list[str]:
        """Return the primary functions that packages on a host show; declared ones show none."""
        needed = {package for need in self._needs(host) for package in need.packages}
        return [
            function
            for function, patterns in FUNCTIONS.items()
            if any(fnmatchcase(p, pattern) for pattern in patterns for p in set(packages) - needed)
        ]

    def foreign_functions(self, host: Host) -> list[str]:
        """Return the packages, as shell patterns, of functions that a host doesn't have."""
        needed = {package for need in self._needs(host) for package in need.packages}
        return [
            pattern
            for function, patterns in FUNCTIONS.items()
            if not host.in_group(function)
            for pattern in patterns
            if not any(fnmatchcase(package, pattern) for package in needed)
        ]

    def may_share(self, functions: list[str]) -> bool:
        """Whether a host may have these primary functions at once."""
        wanted = set(functions)
        return len(wanted) <= 1 or any(wanted <= set(pair.groups) for pair in self.together)

    def has_wireless(self, host: Host) -> bool:
        """Whether a host may use Wi-Fi."""
        return any(host.in_group(group) for group in self.wireless)

    def has_bluetooth(self, host: Host) -> bool:
        """Whether a host may use Bluetooth."""
        return any(host.in_group(group) for group in self.bluetooth)

    def _needs(self, host: Host) -> list[Need]:
        return [n for n in self.needed if any(host.in_group(group) for group in n.groups)]
