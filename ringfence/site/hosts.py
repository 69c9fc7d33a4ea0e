"""hosts.yml: the hosts of a site, and how they are reached."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from ringfence.site.section import (
    Address,
    Classification,
    EnsCategory,
    GroupName,
    HostName,
    Line,
    LoginName,
    Port,
    Section,
)

KNOWN_GROUPS = {
    "bastion": "the only way in for administrators",
    "vpn_gateway": "where agents' tunnels and partners' links end",
    "pbx": "telephony: signalling, media, queues",
    "database": "customers, campaigns, call records",
    "recordings": "recorded calls",
    "log_collector": "the logs of all hosts",
    "backup_server": "the backups of all hosts",
    "agents": "the agents' workstations",
}
"""The groups that the product's roles know, each with what its hosts do."""


class SshDefaults(Section):
    """How hosts are reached by ssh, unless a host says otherwise."""

    user: LoginName = "deploy"
    """The account that Ringfence logs in as; it is root or may run sudo without a password."""
    port: Port | None = None
    """The port of sshd: 22, or what `config_file` says."""
    identity_file: Line | None = None
    """The private key to log in with, relative to the site. Without it your ssh agent and your own
    keys are tried."""
    config_file: Line | None = None
    """An OpenSSH client configuration, relative to the site, with a Host for each host's name.
    Without it one is made from what stands here."""
    known_hosts_file: Line = "known_hosts"
    """The host keys that are trusted, relative to the site; there is no trust on first use."""


class SshOverrides(Section):
    """How one host is reached by ssh, where that differs from the site's `ssh`."""

    user: LoginName | None = None
    """The account that Ringfence logs in as on this host."""
    port: Port | None = None
    """The port of sshd on this host."""
    identity_file: Line | None = None
    """The private key for this host, relative to the site."""
    via: Line | None = None
    """The host to jump through (ProxyJump), usually the bastion."""


class Verification(Section):
    """How `ringfence verify` logs in, apart from the account that deploys."""

    user: LoginName = "ringfence-verify"
    """The account that verifies: it can ask, and change nothing. The role `verifier` makes it."""
    identity_file: Line | None = None
    """The private key to verify with, relative to the site. Without it your ssh agent and your own
    keys are tried."""


class HostEntry(Section):
    """One host, as hosts.yml describes it."""

    address: Address
    """The IP address (or DNS name) at which the other hosts reach it."""
    groups: list[Line] = Field(min_length=1)
    """What the host does: one or more of the product's groups, or of those under `groups`."""
    classification: Classification
    """The most sensitive data on the host: basic, medium or high (RD 1720/2007 art. 81)."""
    owner: Line
    """The person of policy.yml who answers for the host."""
    clients: list[Line] = Field(default_factory=list)
    """The clients of policy.yml whose data the host holds."""
    pci: bool = False
    """Whether card data is stored, processed or passed on here (PCI DSS scope)."""
    ephi: bool = False
    """Whether health information is held here (HIPAA security rule)."""
    ens_category: EnsCategory | None = None
    """The category of the system by ENS, if it serves the Spanish public sector."""
    ssh: SshOverrides = SshOverrides()
    """How the host is reached, where that differs from the site's `ssh`."""


class HostsFile(Section):
    """hosts.yml: the name of the site, how its hosts are reached, and the hosts."""

    name: HostName
    """The site's name, as it stands in reports."""
    ssh: SshDefaults = SshDefaults()
    """How the hosts are reached by ssh."""
    verify: Verification | None = None
    """The account that `ringfence verify` uses; without it, the one that deploys. Its keys stand in
    `verify_access` of policy.yml."""
    groups: dict[GroupName, Line] = Field(default_factory=dict)
    """Groups of your own, each with what its hosts do; the product's groups need no line here."""
    hosts: dict[HostName, HostEntry] = Field(min_length=1)
    """The hosts by name. Each needs at least one group."""


@dataclass(frozen=True)
class SshAccess:
    """How to reach one host: what hosts.yml says for it, the site's defaults filled in."""

    user: str
    port: int | None
    """None when the client configuration decides (`config_file`)."""
    identity_file: Path | None
    via: str | None


@dataclass(frozen=True)
class Host:
    """One host of a site."""

    name: str
    entry: HostEntry
    ssh: SshAccess
    verify: SshAccess | None = None
    """How `ringfence verify` logs in, when it isn't as the account that deploys."""

    @property
    def address(self) -> str:
        """IP address or DNS name."""
        return self.entry.address

    @property
    def groups(self) -> list[str]:
        """The groups in the order of hosts.yml; never `all`."""
        return list(self.entry.groups)

    @property
    def classification(self) -> Classification:
        """The most sensitive data on the host."""
        return self.entry.classification

    @property
    def owner(self) -> str:
        """The login name of the person who answers for the host."""
        return self.entry.owner

    @property
    def clients(self) -> list[str]:
        """The clients whose data the host holds."""
        return list(self.entry.clients)

    @property
    def pci(self) -> bool:
        """Whether the host is in PCI DSS scope."""
        return self.entry.pci

    @property
    def ephi(self) -> bool:
        """Whether the host holds health information."""
        return self.entry.ephi

    @property
    def ens_category(self) -> str | None:
        """The ENS category: basic, medium, high or None."""
        return self.entry.ens_category

    def in_group(self, group: str) -> bool:
        """Whether the host is in a group; every host is in `all`."""
        return group == "all" or group in self.entry.groups
