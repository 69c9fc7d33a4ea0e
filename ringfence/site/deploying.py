"""What a role asks while pyinfra runs: what the site wants of the host at hand."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pyinfra.api.exceptions import DeployError
from pyinfra.context import host as current_host

from ringfence.site.hosts import Host
from ringfence.site.loading import load_site
from ringfence.site.site import Site


@dataclass(frozen=True)
class Intent:
    """The site, and the host of it that is being deployed."""

    site: Site
    host: Host

    def settings(self, role: str) -> Any:
        """Return the settings of a role, an instance of its `Settings`."""
        return self.site.policy.role(role)


def intent() -> Intent:
    """Return the intent for pyinfra's current host. The site is loaded once a process.

    Raises pyinfra's DeployError for a host that comes from no site of ours.
    """
    path, name = current_host.data.get("ringfence_site"), current_host.data.get("ringfence_host")
    if not path or not name:
        raise DeployError(
            f"{current_host.name} comes from no site of Ringfence; "
            "run pyinfra with inventories/<site>/inventory.py"
        )
    site = _site(path)
    return Intent(site, site.host(name))


@lru_cache(maxsize=8)
def _site(path: str) -> Site:
    return load_site(Path(path))
