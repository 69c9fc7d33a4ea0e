"""What a site decides about certificates: those that its own authority did not make."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ringfence.site import Host, Section
from ringfence.site.section import Line, LoginName
from roles.permissions.settings import AbsolutePath

LEFT_ASIDE = ("/etc/ssl/certs/", "/etc/ringfence/pki/")
"""Where no certificate is looked for: what the host trusts, and what Ringfence brings."""


def _looked_for(path: str) -> str:
    if not path.startswith("/etc/") or path.startswith(LEFT_ASIDE):
        places = " and ".join(place.rstrip("/") for place in LEFT_ASIDE)
        raise ValueError(f"{path!r} is declared in vain: certificates below /etc are, but {places}")
    return path


class Declared(Section):
    """A file with a certificate of another authority, such as one that browsers know."""

    path: Annotated[AbsolutePath, AfterValidator(_looked_for)]
    """The file, below /etc; its first certificate is the one that a service shows."""
    groups: list[Line] = Field(min_length=1)
    """The groups on whose hosts it lies; `all` means every host."""
    owner: LoginName
    """Who sees to it that it is renewed."""
    purpose: Line
    """Which service shows it to whom, for the auditor who reads the inventory."""


class Settings(Section):
    """Which certificates hosts have beside the one of the site's own authority."""

    certificates: list[Declared] = Field(default_factory=list)
    """Files with certificates of other authorities (PCI DSS 4.2.1.1 wants an inventory)."""
    undeclared: Literal["report", "remove"] = "report"
    """What becomes of files below /etc with a certificate that nothing declares: they stay and
    leave TLS-02 red, or are moved to /var/lib/ringfence/previous. A service that needs one does
    not start without it."""

    def declared_on(self, host: Host) -> list[str]:
        """Return the paths of the certificates that a host may have."""
        return [
            entry.path
            for entry in self.certificates
            if any(host.in_group(group) for group in entry.groups)
        ]
