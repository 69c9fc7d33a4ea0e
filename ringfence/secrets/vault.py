"""The two files of a site's secrets: `secrets.yml.age`, and `secrets.recipients` beside it."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pyrage

from ringfence.errors import UsageError
from ringfence.replacing import replace
from ringfence.secrets import content, identities, recipients
from ringfence.secrets.content import Secrets
from ringfence.secrets.recipients import Recipient
from ringfence.site import Site

NO_MATCH = "No matching keys found"
LARGEST = 4 * 1024 * 1024


class Vault:
    """The secrets of one site, on disk. Nothing is written that its writer could not open again."""

    def __init__(
        self, site: Path, identity_files: Iterable[Path] = (), *, ask: bool = True
    ) -> None:
        """Use the files in `site`, and the identities in some files (`identities.files`).

        Without `ask`, identities with a passphrase are passed over.
        """
        self.path = site / "secrets.yml.age"
        self.recipients_path = site / "secrets.recipients"
        self._named = list(identity_files)
        self._ask = ask

    def read(self) -> bytes:
        """Return the YAML of the secrets, decrypted.

        Raises UsageError when the file is missing or damaged, or no identity opens it.
        """
        return self._opened(self.sealed())

    def sealed(self) -> bytes:
        """Return the file as it is, encrypted. Raises UsageError when it is missing."""
        try:
            with self.path.open("rb") as stream:
                return stream.read(LARGEST)
        except FileNotFoundError:
            raise UsageError(
                f"{self.path}: there are no secrets yet; `ringfence secrets edit` makes the file"
            ) from None
        except OSError as error:
            raise UsageError(f"{self.path} can't be read: {error.strerror}") from None

    def secrets(self) -> Secrets:
        """Return the secrets. Raises UsageError as `read` does, and for what is no secrets file."""
        return content.parse(self.read(), str(self.path))

    def recipients(self) -> list[Recipient]:
        """Return the recipients; none when there is no file. Raises UsageError for a wrong line."""
        try:
            text = self.recipients_path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError):
            raise UsageError(f"{self.recipients_path} can't be read as text") from None
        return recipients.parse(text, str(self.recipients_path))

    def demand_recipients(self) -> list[Recipient]:
        """Return the recipients. Raises UsageError when there is none."""
        if not (found := self.recipients()):
            raise UsageError(
                f"{self.recipients_path} names nobody: "
                "`ringfence secrets add-recipient` adds the key of one who may open the secrets"
            )
        return found

    def write(self, plain: bytes, replacing: bytes | None) -> None:
        """Encrypt `plain` to the recipients of the file, in place of what it held before.

        Raises UsageError, and writes nothing, when `plain` is no secrets file, when nobody or not
        the writer is a recipient, or when the file is no longer the encrypted one in `replacing`.
        """
        content.parse(plain, str(self.path))
        sealed = self._seal(plain, self.demand_recipients())
        if (self.sealed() if self.path.exists() else None) != replacing:
            raise UsageError(
                f"{self.path} was changed by somebody else meanwhile: nothing was written"
            )
        replace(self.path, sealed)

    def change_recipients(self, change: Callable[[list[Recipient]], list[Recipient]]) -> None:
        """Change who can open the secrets, and encrypt them anew, if there are any.

        Raises UsageError, and writes nothing, as `write` does and `change` does.
        """
        changed = change(self.recipients())
        plain = self.read() if self.path.exists() else None
        sealed = None if plain is None else self._seal(plain, changed)
        if sealed is not None:
            replace(self.path, sealed)
        replace(self.recipients_path, recipients.written(changed).encode(), mode=0o644)

    def _seal(self, plain: bytes, readers: list[Recipient]) -> bytes:
        sealed: bytes = pyrage.encrypt(plain, [each.for_age() for each in readers], armored=True)
        try:
            self._opened(sealed)
        except UsageError:
            raise UsageError(
                "none of your identities could open the secrets again: nothing was written; "
                "keep a key of your own among the recipients"
            ) from None
        return sealed

    def _opened(self, sealed: bytes) -> bytes:
        for identity in identities.opened(identities.files(self._named), ask=self._ask):
            try:
                plain: bytes = pyrage.decrypt(sealed, [identity])
            except pyrage.DecryptError as error:
                if str(error) == NO_MATCH:
                    continue
                raise UsageError(
                    f"{self.path} is damaged (cut short, or changed): take it from version control"
                ) from None
            return plain
        which = "your identities" if self._ask else "your identities that have no passphrase"
        raise UsageError(f"{self.path} is not encrypted to any of {which}")


def load(site: Site) -> Secrets:
    """Return a site's secrets, for a role, while it renders what holds one.

    The identity comes from RINGFENCE_IDENTITY or its usual places.
    Raises UsageError in one sentence when they can't be opened.
    """
    return Vault(site.path).secrets()
