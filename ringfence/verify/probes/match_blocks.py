"""The conditions of sshd's ``Match`` blocks, and a connection that meets each.

Source: sshd_config(5), "Match", and PATTERNS in ssh_config(5).
"""

import fnmatch
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from itertools import islice

ANYWHERE = "192.0.2.1"  # of the network that RFC 5737 keeps for examples: no host has it
STRANGER = "ringfence-stranger"  # a login name that no host has
CRITERION = re.compile(r'([A-Za-z-]+)(?:\s*=\s*|\s+)?("[^"]*"|\S+)?')
WITHOUT_VALUE = frozenset({"all", "invalid-user", "canonical", "final"})
ADDRESSES_TRIED = 8


@dataclass(frozen=True)
class Connection:
    """One connection, as ``sshd -T -C`` takes it."""

    user: str
    address: str = "127.0.0.1"
    host: str = "localhost"
    local_address: str = "127.0.0.1"
    local_port: int = 22

    def __str__(self) -> str:
        return f"{self.user} from {self.address}"


def criteria(condition: str) -> dict[str, str]:
    """Split ``User ana,bruno Address 10.0.0.0/8`` into ``{"user": "ana,bruno", …}``."""
    found: dict[str, str] = {}
    position = 0
    while match := CRITERION.search(condition, position):
        keyword = match[1].lower()
        if keyword in WITHOUT_VALUE:
            found[keyword] = ""
            position = match.end(1)
        else:
            found[keyword] = (match[2] or "").strip('"')
            position = match.end()
    return found


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether ``name`` matches a pattern list: one pattern does, and no negated one."""
    found = False
    for pattern in patterns:
        if fnmatch.fnmatchcase(name, _glob(pattern.removeprefix("!"))):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def sample_connections(condition: str, accounts: Iterable[str]) -> Iterator[Connection]:
    """Yield connections that meet a ``Match`` condition: every account, from one fitting address.

    Names that the condition itself gives are tried too, as such an account may come later.
    """
    wanted = criteria(condition)
    users = list(accounts)
    if "user" in wanted:
        patterns = wanted["user"].split(",")
        named = [_concrete(pattern) for pattern in patterns if not pattern.startswith("!")]
        users = [name for name in dict.fromkeys([*named, *users]) if matches(name, patterns)]
    for address in _addresses(wanted.get("address", "")):
        for host in _samples(wanted.get("host", "")) or [address]:
            for local in _addresses(wanted.get("localaddress", "")) or [ANYWHERE]:
                for port in wanted.get("localport", "22").split(","):
                    for user in users:
                        number = int(port) if port.isdecimal() else 22
                        yield Connection(user, address, host, local, number)


def _addresses(patterns: str) -> list[str]:
    """Return an address for each positive pattern of a list, or one from nowhere in particular."""
    listed = [pattern for pattern in patterns.split(",") if pattern]
    refused = [pattern[1:] for pattern in listed if pattern.startswith("!")]
    found = []
    for pattern in listed:
        if pattern.startswith("!"):
            continue
        candidates = list(_candidates(pattern))
        free = [one for one in candidates if not any(_covers(two, one) for two in refused)]
        found += (free or candidates)[:1]
    return found or [ANYWHERE]


def _candidates(pattern: str) -> Iterator[str]:
    try:
        network = ip_network(pattern, strict=False)
    except ValueError:
        yield ANYWHERE if pattern == "*" else _concrete(pattern, "1")
        return
    if network.num_addresses == 1:
        yield str(network.network_address)
        return
    yield from (str(one) for one in islice(network.hosts(), ADDRESSES_TRIED))
    yield str(network.broadcast_address - 1)


def _covers(pattern: str, address: str) -> bool:
    try:
        return ip_address(address) in ip_network(pattern, strict=False)
    except ValueError:
        return fnmatch.fnmatchcase(address, _glob(pattern))


def _samples(patterns: str) -> list[str]:
    return [_concrete(one) for one in patterns.split(",") if one and not one.startswith("!")]


def _concrete(pattern: str, filling: str = "x") -> str:
    return pattern.replace("*", filling).replace("?", filling)


def _glob(pattern: str) -> str:
    """Return an OpenSSH pattern as a glob: it knows ``*`` and ``?``, but no brackets."""
    return pattern.replace("[", "[[]")
