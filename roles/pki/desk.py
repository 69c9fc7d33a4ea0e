"""Where the operations meet the site's authority: it is asked when they run, and signs then."""

from dataclasses import dataclass
from typing import Any

from ringfence.operations.pki import Papers
from ringfence.pki.issuing import Issuing
from ringfence.site import Host, Site


@dataclass(frozen=True, kw_only=True)
class Desk(Papers):
    """The papers of one host, from the site's folder; its secrets are opened to sign alone."""

    site: Site
    host: Host

    def now(self) -> Papers:
        """Return what the site's folder has by now. Raises UsageError when it has no authority."""
        held: dict[str, Any] = vars(Issuing(self.site).held(self.host))
        return Papers(**held)

    def demand_signer(self) -> None:
        """Raise RingfenceError when the site's secrets can't be opened."""
        Issuing(self.site).demand_key()

    def signed(self, request: str) -> Papers:
        """Have the host's request signed. Raises RingfenceError when that can't be done."""
        Issuing(self.site).issue(self.host, request.encode())
        return self.now()

    def with_new_list(self) -> Papers:
        """Have the list of revoked certificates made anew, if no other host's turn has done it."""
        Issuing(self.site).renew([])
        return self.now()
