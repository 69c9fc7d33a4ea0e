"""What the authority has issued: `pki/` in the site's folder, without any secret.

`authority.pem` is its certificate, `revoked.crl` its list of revoked certificates, `register.json`
every certificate that it made, `certificates/HOST.pem` the latest of each host. They belong under
version control.
"""

from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from ringfence.errors import UsageError
from ringfence.pki.authority import Reason, Revocation
from ringfence.pki.folder import Folder
from ringfence.pki.keys import key_digest
from ringfence.pki.lifetime import is_due
from ringfence.replacing import replace

PEM = serialization.Encoding.PEM
PUBLIC = 0o644
"""The mode of the files: nothing in them is secret."""


class Issued(BaseModel):
    """One certificate that was issued."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    serial: str = Field(pattern=r"^[0-9a-f]{1,40}$")
    """hexadecimal"""
    host: str
    names: list[str]
    """what the certificate names: the host, and how others reach it"""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """its fingerprint"""
    key: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of its public key; older entries have none"""
    begins: AwareDatetime
    ends: AwareDatetime
    revoked_at: AwareDatetime | None = None
    reason: Reason | None = None

    @classmethod
    def of(cls, certificate: x509.Certificate, host: str) -> "Issued":
        """Return the entry of a certificate that was just made."""
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return cls(
            serial=f"{certificate.serial_number:x}",
            host=host,
            names=[str(name.value) for name in names],
            sha256=certificate.fingerprint(hashes.SHA256()).hex(),
            key=key_digest(certificate),
            begins=certificate.not_valid_before_utc,
            ends=certificate.not_valid_after_utc,
        )

    def state(self, now: datetime) -> str:
        """Return `good`, `due` for its renewal, `ended` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        if now >= self.ends:
            return "ended"
        return "due" if is_due(self.begins, now) else "good"


class Register(BaseModel):
    """All certificates of a site, and the number of the latest list of revoked ones."""

    model_config = ConfigDict(extra="forbid")

    list_number: int = Field(default=0, ge=0)
    issued: list[Issued] = Field(default_factory=list)

    def latest(self) -> dict[str, Issued]:
        """Return the certificate that was issued last for each host."""
        return {one.host: one for one in self.issued}

    def revocations(self, now: datetime) -> list[Revocation]:
        """Return what is revoked and has not ended, which a list must name (RFC 5280, 5)."""
        return [
            Revocation(int(one.serial, 16), one.revoked_at, one.reason)
            for one in self.issued
            if one.revoked_at is not None and one.reason is not None and one.ends > now
        ]

    def compromised(self) -> set[str]:
        """Return the digests of keys that somebody else may have: none is certified again."""
        return {
            one.key
            for one in self.issued
            if one.reason is Reason.KEY_COMPROMISE and one.key is not None
        }

    def keys_of(self, host: str) -> set[str]:
        """Return the digests of a host's keys that were certified for it, and may be once more."""
        own = {one.key for one in self.issued if one.host == host and one.key is not None}
        return own - self.compromised()

    def revoke(self, chosen: Issued, reason: Reason, now: datetime) -> Issued:
        """Note that a certificate counts no more; return its new entry."""
        changed = chosen.model_copy(update={"revoked_at": now, "reason": reason})
        self.issued = [changed if one == chosen else one for one in self.issued]
        return changed


class Files(Folder):
    """The folder with what is in it. Each file is replaced at once, or not at all."""

    def refuse_a_second_beginning(self) -> None:
        """Raise UsageError where an authority is, or where what one has signed is noted."""
        if self.authority.exists():
            raise UsageError(
                f"{self.authority}: the site has an authority; a second one would end every "
                "certificate of the first"
            )
        if self._register.exists() and self.register().issued:
            raise UsageError(
                f"{self.authority} is missing, and {self._register.name} beside it names "
                "certificates that it signed; take it from version control"
            )

    def register(self) -> Register:
        """Return what was issued. Raises UsageError when the file is missing or damaged."""
        try:
            known = _parsed(self._register.read_bytes())
        except FileNotFoundError:
            raise UsageError(f"{self._register} is missing; take it from version control") from None
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "the file"
            raise UsageError(
                f"{self._register}: {place}: {first['msg']}; take it from version control"
            ) from None
        return known.model_copy(update={"issued": list(known.issued)})

    def kept(self, one: Issued) -> x509.Certificate | None:
        """Return an issued certificate if it is the one that is kept of its host."""
        try:
            found = x509.load_pem_x509_certificate(self.certificate(one.host).read_bytes())
        except (OSError, ValueError):
            return None
        return found if found.fingerprint(hashes.SHA256()).hex() == one.sha256 else None

    def save(self, register: Register) -> None:
        """Write what was issued."""
        replace(self._register, register.model_dump_json(indent=1).encode() + b"\n", PUBLIC)

    def save_authority(self, certificate: x509.Certificate) -> None:
        """Write the authority's certificate."""
        replace(self.authority, certificate.public_bytes(PEM), PUBLIC)

    def save_revoked(self, revoked: x509.CertificateRevocationList) -> None:
        """Write the list of revoked certificates."""
        replace(self.revoked, revoked.public_bytes(PEM), PUBLIC)

    def save_certificate(self, host: str, certificate: x509.Certificate) -> None:
        """Write the certificate of a host."""
        path = self.certificate(host)
        path.parent.mkdir(exist_ok=True)
        replace(path, certificate.public_bytes(PEM), PUBLIC)


@lru_cache(maxsize=2)
def _parsed(text: bytes) -> Register:
    """Read a register; an apply asks for the same one once a host."""
    return Register.model_validate_json(text)
