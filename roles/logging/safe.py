"""Where the keys that check seals of journals are kept: in the site, encrypted to its owners."""

from dataclasses import dataclass
from pathlib import Path

import pyrage

from ringfence.errors import UsageError
from ringfence.operations.journal import Safe
from ringfence.replacing import replace
from ringfence.secrets.recipients import Recipient, parse
from ringfence.site import Host, Site

FOLDER = "sealing"


@dataclass(frozen=True, kw_only=True)
class SiteSafe(Safe):
    """`SITE/sealing/HOST.age`, which the recipients of the site's secrets can open (age format)."""

    site: Site
    host: Host

    @property
    def path(self) -> Path:
        """The file of the host's key."""
        return self.site.path / FOLDER / f"{self.host.name}.age"

    def has(self) -> bool:
        """Whether the host's key is there."""
        return self.path.is_file()

    def demand(self) -> None:
        """Raise UsageError when nobody could open what is kept."""
        self._recipients()

    def keep(self, key: str) -> None:
        """Encrypt a key and keep it, in place of what was there. Raises UsageError."""
        if not key:
            raise UsageError(f"{self.host.name} made no key that checks its journal's seals")
        recipients = [each.for_age() for each in self._recipients()]
        try:
            self.path.parent.mkdir(mode=0o755, exist_ok=True)
            replace(self.path, pyrage.encrypt(f"{key}\n".encode(), recipients), mode=0o644)
        except OSError as error:
            raise UsageError(f"{self.path} can't be written: {error.strerror}") from None

    def _recipients(self) -> list[Recipient]:
        path = self.site.path / "secrets.recipients"
        try:
            found = parse(path.read_text(), str(path))
        except OSError as error:
            raise UsageError(
                f"{path}: {error.strerror}: the key that checks the seals of a journal is kept for "
                "the owners of the site's secrets; name them by `ringfence secrets`"
            ) from None
        if not found:
            raise UsageError(f"{path} names nobody who could open what is kept")
        return found
