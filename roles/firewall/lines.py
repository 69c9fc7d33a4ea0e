"""The rules of the site, written as nftables writes them: one line a rule and address family."""

from collections.abc import Iterable, Sequence
from ipaddress import ip_network

from ringfence.site.flows import INTERNET, Rule

FAMILIES = ((4, "ip"), (6, "ip6"))
LONGEST_COMMENT = 120
"""Bytes; the kernel takes 128 (NFTNL_UDATA_COMMENT_MAXLEN)."""


def lines(rules: Iterable[Rule], site: Sequence[str]) -> list[str]:
    """Return the accept rules; `site` holds the addresses of all of the site's hosts."""
    return [line for rule in rules for line in _lines(rule, site)]


def from_addresses(site: Sequence[str]) -> list[str]:
    """Return the matches for packets that come from the site's hosts."""
    return [
        f"{word} saddr {_set(own)}"
        for version, word in FAMILIES
        if (own := _of_version(site, version))
    ]


def _lines(rule: Rule, site: Sequence[str]) -> list[str]:
    return [
        " ".join([*ends, f'{rule.protocol} dport {rule.port} accept comment "{_comment(rule)}"'])
        for version, word in FAMILIES
        if (ends := _both_ends(rule, site, version, word)) is not None
    ]


def _both_ends(rule: Rule, site: Sequence[str], version: int, word: str) -> list[str] | None:
    """Return the matches on both ends in one address family; None if it has no such addresses."""
    matches = []
    for direction, ends in (("saddr", rule.sources), ("daddr", rule.destinations)):
        if ends == (INTERNET,):
            own = _of_version(site, version)
            family = f"meta nfproto ipv{version}"
            matches.append(f"{word} {direction} != {_set(own)}" if own else family)
        elif ends:
            own = _of_version(ends, version)
            if not own:
                return None
            matches.append(f"{word} {direction} {_set(own)}")
    return matches


def _of_version(addresses: Iterable[str], version: int) -> list[str]:
    networks = {network for a in addresses if (network := ip_network(a)).version == version}
    return [
        str(network.network_address) if network.num_addresses == 1 else str(network)
        for network in sorted(networks, key=lambda n: (int(n.network_address), n.prefixlen))
    ]


def _set(addresses: Sequence[str]) -> str:
    return f"{{ {', '.join(addresses)} }}"


def _comment(rule: Rule) -> str:
    text = f"{rule.origin}: {rule.purpose}".replace('"', "'").replace("\\", "/")
    return text.encode()[:LONGEST_COMMENT].decode(errors="ignore")
