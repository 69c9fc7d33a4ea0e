"""Where the authority's files lie: `pki/` in the site's folder (`ringfence.pki.register`).

Whether there is an authority is told without reading a certificate: plans and applies ask no more.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from ringfence.errors import UsageError


class Folder:
    """The folder of a site's authority."""

    def __init__(self, site: Path) -> None:
        """Use `pki/` in the site's folder; it need not be there yet."""
        self.folder = site / "pki"
        self.authority = self.folder / "authority.pem"
        self.revoked = self.folder / "revoked.crl"
        self._register = self.folder / "register.json"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs from issuing meanwhile, or their entries would be lost."""
        self.folder.mkdir(exist_ok=True)
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            # Given back before it is closed: gevent, pyinfra's, closes directories later.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)

    def certificate(self, host: str) -> Path:
        """Return where the latest certificate of a host is kept."""
        return self.folder / "certificates" / f"{host}.pem"

    def demand_authority(self) -> bytes:
        """Return the authority's certificate. Raises UsageError when there is none."""
        try:
            return self.authority.read_bytes()
        except FileNotFoundError:
            raise UsageError(
                f"{self.authority}: the site has no authority yet; `ringfence pki init` makes it"
            ) from None
