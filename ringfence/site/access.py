"""Who may log in to a host by ssh: the register that the ssh role writes and its tests demand."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from ipaddress import ip_network
from pathlib import Path

from ringfence.errors import UsageError
from ringfence.site.hosts import Host
from ringfence.site.keys import PublicKey, parse_public_key, read_public_key
from ringfence.site.policy import BasePolicy, DeployKey
from ringfence.site.section import as_ip, resolve_file

VERIFY_COMMAND = "/usr/local/lib/ringfence/verify"
"""What the keys of the account that verifies run, whatever their holder asks for."""


@dataclass(frozen=True)
class AccessKey:
    """One key that an account accepts."""

    public_key: str
    """Algorithm and base64 text, without comment."""
    fingerprint: str
    """`SHA256:…`, as sshd logs it."""
    owner: str
    """The login name of the person who answers for it."""
    expires: date
    """The last day on which it is accepted."""
    sources: tuple[str, ...]
    """Networks from which it is accepted; empty means anywhere."""


@dataclass(frozen=True)
class Access:
    """One account that may log in, and its keys."""

    user: str
    keys: list[AccessKey]
    command: str | None = None
    """The one command that its keys may run; None means any."""
    hops: tuple[str, ...] = ()
    """With a command: `address:port` of the hosts to which its keys may jump on from here."""


def access_register(
    site: Path, policy: BasePolicy, hosts: dict[str, Host], host: Host, verifier: str
) -> list[Access]:
    """Return every account that may log in to a host; first the one that Ringfence deploys with.

    The account `verifier` is the last, if the policy has keys for it.

    Raises UsageError when a `key_file` can't be read.
    """
    deploy, verify = [
        [_access_key(deploy_key(site, key), key.owner, key.expires, key.sources) for key in keys]
        for keys in (policy.deploy_access, policy.verify_access)
    ]
    sources = [] if host.in_group("bastion") else bastion_addresses(hosts)
    register = [Access(host.ssh.user, deploy)]
    for name in admitted(policy, host):
        keys = [
            _access_key(parse_public_key(key.key), name, key.expires, sources)
            for key in policy.people[name].ssh_keys
        ]
        register.append(Access(name, keys))
    if verify:
        register.append(Access(verifier, verify, VERIFY_COMMAND, _hops(hosts, host)))
    return register


def admitted(policy: BasePolicy, host: Host, today: date | None = None) -> list[str]:
    """Return the people to whom `access` opens the host, in the order of policy.yml.

    Whoever has left (`leaves`) by `today` is admitted nowhere; it is UTC's date unless given.
    """
    today = today or datetime.now(UTC).date()
    grants = [grant for grant in policy.access if any(host.in_group(g) for g in grant.groups)]
    return [
        name
        for name, person in policy.people.items()
        if (person.leaves is None or person.leaves >= today)
        and any(name in grant.people or set(person.roles) & set(grant.roles) for grant in grants)
    ]


def bastion_addresses(hosts: dict[str, Host]) -> list[str]:
    """Return the networks (`10.0.0.1/32`) of the bastions whose address is an IP address."""
    return [
        str(ip_network(host.address))
        for host in hosts.values()
        if host.in_group("bastion") and as_ip(host.address) is not None
    ]


def _hops(hosts: dict[str, Host], host: Host) -> tuple[str, ...]:
    """Return where connections that jump through a host lead."""
    beyond = [other for other in hosts.values() if other.ssh.via == host.name]
    places = (
        (f"[{other.address}]" if ":" in other.address else other.address, other.ssh.port or 22)
        for other in beyond
    )
    return tuple(f"{address}:{port}" for address, port in places)


def deploy_key(site: Path, key: DeployKey) -> PublicKey:
    """Return the public key of an entry of `deploy_access` or `verify_access`.

    Raises UsageError when its `key_file` can't be read.
    """
    if key.key is not None:
        return parse_public_key(key.key)
    path = resolve_file(site, str(key.key_file))
    try:
        return read_public_key(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; policy.yml names it as key_file") from None
    except ValueError as error:
        raise UsageError(f"{path} {error}") from None


def _access_key(key: PublicKey, owner: str, expires: date, sources: list[str]) -> AccessKey:
    return AccessKey(key.line, key.fingerprint, owner, expires, tuple(sources))
