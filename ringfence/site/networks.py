"""The networks that a site declares: its hosts, and from where these are administered."""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

from ringfence.site.site import Site

LOOPBACK = ("127.0.0.0/8", "::1/128")


def own_networks(site: Site, more: Iterable[str] = ()) -> list[str]:
    """Return the addresses of a site's hosts, of those from which it deploys, verifies and
    administers them, and some more: as networks, without doubles, in order.

    DNS names are left out: neither a packet filter nor a log knows them.
    """
    hosts = [host.address for host in site.hosts.values()]
    access = [*site.policy.deploy_access, *site.policy.verify_access]
    keys = [source for key in access for source in key.sources]
    try:
        firewall: Any = site.policy.role("firewall")
    except KeyError:
        firewall = None
    administration = firewall.administration if firewall else []
    found = [*LOOPBACK, *hosts, *administration, *keys, *more]
    return list(dict.fromkeys(str(ip_network(one)) for one in found if _is_network(one)))


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True
