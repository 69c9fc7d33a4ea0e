"""A site: one inventory directory, as validated models."""

import fnmatch
import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ringfence.errors import UsageError
from ringfence.site.access import Access, access_register, deploy_key
from ringfence.site.acknowledgements import Acknowledgement, load_acknowledgements
from ringfence.site.hosts import Host, HostsFile, SshAccess, Verification
from ringfence.site.house import House
from ringfence.site.policy import BasePolicy, DeployKey
from ringfence.site.problems import Problem, nearest
from ringfence.site.section import resolve_file
from ringfence.site.waivers import Waiver, WaiversFile


@dataclass(frozen=True)
class Site:
    """Everything that a site's files say. Made by `ringfence.site.load_site`."""

    path: Path
    """The site's folder, absolute."""
    house: House
    hosts_file: HostsFile
    policy: BasePolicy
    waivers_file: WaiversFile
    warnings: list[Problem] = field(default_factory=list)
    """What `ringfence check` mentions of a site that is usable: expired waivers, missing keys."""
    called: Path | None = None
    """The folder as whoever loaded the site wrote it; without it, as `path`."""

    @property
    def name(self) -> str:
        """The site's name."""
        return self.hosts_file.name

    @property
    def shown(self) -> Path:
        """The folder in messages: all of them name its files in the form in which it was given."""
        return self.called or self.path

    @property
    def waivers(self) -> list[Waiver]:
        """All waivers, expired ones too."""
        return self.waivers_file.waivers

    @cached_property
    def hosts(self) -> dict[str, Host]:
        """The hosts by name, in the order of hosts.yml."""
        return {name: self._host(name) for name in self.hosts_file.hosts}

    @cached_property
    def acknowledgements(self) -> dict[str, Acknowledgement]:
        """Who looked at which exception of the daily review of logs, by the exception's id.

        Read when it is asked for: it grows each month, and no deploy depends on it. Raises
        SiteError with what is wrong in those files.
        """
        return load_acknowledgements(self.shown)

    def policy_digest(self, host: Host) -> str:
        """SHA-256 (hex) of what the site wants of one host.

        It covers the host's entry, its access register and the settings of its roles: the digest
        of the whole site would make every host differ after an edit that concerns another one.

        Raises UsageError when a `key_file` can't be read.
        """
        roles = [role for role in self.house.roles_for(host.groups) if hasattr(self.policy, role)]
        content = {
            "host": host.entry.model_dump(by_alias=True),
            "access": [asdict(access) for access in self.access(host)],
            "roles": {role: self.policy.role(role).model_dump(by_alias=True) for role in roles},
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=_canonical)
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical JSON of the models and of the keys that they point to."""
        content = {
            "hosts": self.hosts_file.model_dump(by_alias=True),
            "policy": self.policy.model_dump(by_alias=True),
            "waivers": self.waivers_file.model_dump(by_alias=True),
            "deploy_keys": [self._deploy_key_line(key) for key in self.policy.deploy_access],
            "verify_keys": [self._deploy_key_line(key) for key in self.policy.verify_access],
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), default=_canonical)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def config_file(self) -> Path | None:
        """The OpenSSH client configuration that the site names, absolute."""
        named = self.hosts_file.ssh.config_file
        return self.resolve(named) if named else None

    @property
    def known_hosts_file(self) -> Path:
        """The host keys that are trusted, absolute."""
        return self.resolve(self.hosts_file.ssh.known_hosts_file)

    @property
    def groups(self) -> dict[str, list[Host]]:
        """The groups that have hosts, in the order of hosts.yml, with their hosts; not `all`."""
        found: dict[str, list[Host]] = {}
        for host in self.hosts.values():
            for group in host.groups:
                found.setdefault(group, []).append(host)
        return found

    def resolve(self, name: str) -> Path:
        """Return a file that the site's files name, relative to the site (or to ~)."""
        return resolve_file(self.path, name)

    def host(self, name: str) -> Host:
        """Return a host by name. Raises UsageError with the nearest name."""
        if name in self.hosts:
            return self.hosts[name]
        raise UsageError(f"{self.name} has no host {name!r}{nearest(name, self.hosts)}")

    def select(self, limit: str | None) -> list[Host]:
        """Return the hosts that a comma list of host names, groups and globs means; None means all.

        Raises UsageError for the first part that matches no host, with the nearest name.
        """
        if limit is None:
            return list(self.hosts.values())
        chosen: set[str] = set()
        parts = [part.strip() for part in limit.split(",") if part.strip()]
        for part in parts:
            matched = {
                host.name
                for host in self.hosts.values()
                if host.in_group(part)
                or fnmatch.fnmatchcase(host.name, part)
                or any(fnmatch.fnmatchcase(group, part) for group in host.groups)
            }
            if not matched:
                hint = nearest(part, [*self.hosts, *self.groups, "all"])
                raise UsageError(f"{self.name} has no host or group {part!r}{hint}")
            chosen |= matched
        if not chosen:
            raise UsageError(f"the limit {limit!r} names no host")
        return [host for host in self.hosts.values() if host.name in chosen]

    def access(self, host: Host | str) -> list[Access]:
        """Return who may log in to a host by ssh, with which keys, until when and from where.

        First comes the account that Ringfence deploys with, which exists on every host. The people
        after it matter only where their accounts exist: this register makes no account, and a host
        without an account needs none of its keys.

        Raises UsageError when a `key_file` of `deploy_access` can't be read.
        """
        wanted = self.host(host) if isinstance(host, str) else host
        return access_register(self.path, self.policy, self.hosts, wanted, self.verifier.user)

    @property
    def verifier(self) -> Verification:
        """The account that verifies. It is on the hosts if `verify_access` has keys for it."""
        return self.hosts_file.verify or Verification()

    def waivers_for(self, host: Host, control: str) -> list[Waiver]:
        """Return the waivers about a control on a host, expired ones too."""
        return [waiver for waiver in self.waivers if waiver.covers(host, control)]

    def _host(self, name: str) -> Host:
        entry, defaults = self.hosts_file.hosts[name], self.hosts_file.ssh
        identity = entry.ssh.identity_file or defaults.identity_file
        port = entry.ssh.port or defaults.port
        access = SshAccess(
            user=entry.ssh.user or defaults.user,
            port=port if port or defaults.config_file else 22,
            identity_file=self.resolve(identity) if identity else None,
            via=entry.ssh.via,
        )
        return Host(
            name,
            entry,
            access,
            None if self.hosts_file.verify is None else self._verifying(access),
        )

    def _verifying(self, access: SshAccess) -> SshAccess:
        identity = self.verifier.identity_file
        path = self.resolve(identity) if identity else None
        return replace(access, user=self.verifier.user, identity_file=path)

    def _deploy_key_line(self, key: DeployKey) -> str:
        try:
            return deploy_key(self.path, key).line
        except UsageError:
            return ""


def _canonical(value: Any) -> Any:
    """Turn into JSON what settings of roles may hold beside JSON's own kinds; sets in order."""
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return str(value)
