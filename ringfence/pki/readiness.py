"""Whether a site has the authority that a role of its hosts needs."""

from collections.abc import Iterable

from ringfence.pki.folder import Folder
from ringfence.site import Host, Site
from ringfence.site.problems import Problem

ROLE = "pki"


def demand_authority(site: Site, hosts: Iterable[Host], roles: str | None) -> None:
    """Refuse hosts whose certificates nobody could sign, before anything of them is changed.

    Args:
        site: the site.
        hosts: the hosts that are planned or changed.
        roles: names of roles, comma separated; None means each host's own.

    Raises:
        UsageError: one of them gets the role `pki`, and the site has no authority.
    """
    named = None if roles is None else {role.strip() for role in roles.split(",")}
    if any(_needs_authority(site, host, named) for host in hosts):
        Folder(site.path).demand_authority()


def warnings(site: Site) -> list[Problem]:
    """Return that a site lacks an authority, if a role of its hosts needs one."""
    path = Folder(site.shown).authority
    if path.exists() or not any(_needs_authority(site, h, None) for h in site.hosts.values()):
        return []
    message = f"is missing, so nothing can be applied: ringfence pki init {site.shown}"
    return [Problem(str(path), 1, 1, "", "", message)]


def _needs_authority(site: Site, host: Host, named: set[str] | None) -> bool:
    own = site.house.roles_for(host.groups)
    return ROLE in own and (named is None or ROLE in named)
