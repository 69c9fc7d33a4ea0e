"""Whether a site has the file by which pyinfra reads it; what it says is in `pyinfra_inventory`."""

from ringfence.errors import UsageError
from ringfence.site.problems import Problem
from ringfence.site.site import Site

MISSING = "is missing, so nothing can be applied; `ringfence init` writes one with a new site"


def demand_inventory(site: Site) -> None:
    """Refuse a site without inventory.py, before a host is asked. Raises UsageError."""
    if found := warnings(site):
        raise UsageError(f"{found[0].file}: {found[0].message}")


def warnings(site: Site) -> list[Problem]:
    """Return that a site lacks its inventory.py."""
    path = site.shown / "inventory.py"
    return [] if path.is_file() else [Problem(str(path), 1, 1, "", "", MISSING)]
