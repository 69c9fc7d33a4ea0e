"""A host's certificate, its key and what it trusts: as the files say that services read.

What is wanted comes from the site's own record of its authority. A private key is never read out:
the host's OpenSSL is asked for the public half.
"""

import contextlib
import json
import shlex
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PLACE = "/etc/ringfence/pki"
DAY = 86400
BEGIN = "-----BEGIN CERTIFICATE-----"
KEY_FILES = "^-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----"


@dataclass(frozen=True)
class Certificate:
    """One certificate of a file."""

    sha256: str
    """fingerprint, hex"""
    names: list[str]
    """alternative names of every kind; the common name too where it is another"""
    key: str
    """in words: P-256, RSA 2048 …"""
    key_sha256: str
    """of the public key (SubjectPublicKeyInfo, DER), hex"""
    begins: float
    ends: float
    """seconds since 1970"""
    parsed: x509.Certificate

    @classmethod
    def of(cls, text: str) -> "Certificate":
        """Read one in PEM. Raises ValueError when it is none."""
        parsed = x509.load_pem_x509_certificate(text.encode())
        key = parsed.public_key()
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return cls(
            sha256(parsed.public_bytes(Encoding.DER)).hexdigest(),
            _names(parsed),
            _in_words(key),
            sha256(der).hexdigest(),
            parsed.not_valid_before_utc.timestamp(),
            parsed.not_valid_after_utc.timestamp(),
            parsed,
        )

    def is_signed_by(self, authority: "Certificate") -> bool:
        """Whether an authority's key signed it, and it names that authority."""
        try:
            self.parsed.verify_directly_issued_by(authority.parsed)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True


@dataclass(frozen=True)
class Noted:
    """What a site has noted of a certificate that its authority made."""

    host: str
    serial: int
    ends: float
    is_revoked: bool


def text(host: Any, name: str) -> str:
    """Return the text of a file beside the host's certificate; nothing when it is missing."""
    return str(host.run("cat -- %s", f"{PLACE}/{name}").stdout)


def certificates(host: Any, name: str) -> list[Certificate]:
    """Return all certificates in a file; what can't be read as one is none."""
    found = []
    for part in text(host, name).split(BEGIN)[1:]:
        with contextlib.suppress(ValueError):
            found.append(Certificate.of(BEGIN + part))
    return found


def verdict(host: Any, purpose: str) -> str:
    """Return what the host's OpenSSL says of its certificate, with what it trusts, and its list.

    `purpose` is sslserver or sslclient. The answer is `OK` or the reason.
    """
    answer = host.run(
        f"cd {PLACE} && openssl verify -x509_strict -crl_check -purpose %s "
        "-CAfile ca.pem -CRLfile crl.pem -no-CApath -no-CAstore host.pem 2>&1",
        purpose,
    )
    lines = [line.strip() for line in answer.stdout.splitlines() if line.strip()]
    if answer.rc == 0 and lines == ["host.pem: OK"]:
        return "OK"
    return "; ".join(lines) or f"openssl ended with {answer.rc}"


def key_digest(host: Any) -> str:
    """Return the SHA-256 (hex) of the public half of the host's key, or why there is none."""
    path = f"{PLACE}/host.key"
    answer = host.run(
        "[ -e %s ] || { echo missing; exit; }; public=$(openssl pkey -in %s -passin pass: -pubout "
        "2>/dev/null </dev/null) || { echo unreadable; exit; }; printf '%%s\\n' \"$public\"",
        path,
        path,
    )
    said = str(answer.stdout.strip())
    if not said.startswith("-----BEGIN PUBLIC KEY-----"):
        return said
    return sha256(ssl.PEM_cert_to_DER_cert(said.replace(" PUBLIC KEY", " CERTIFICATE"))).hexdigest()


def members(host: Any) -> list[str]:
    """Return what lies beside the host's certificate, and that too."""
    return sorted(str(host.run("ls -A -- %s", PLACE).stdout).split("\n")[:-1])


def open_keys(host: Any) -> list[str]:
    """Return files below /etc with a private key to which others than owner and group have a right.

    sshd's own keys are among them: they are private keys too.
    """
    search = (
        f"find /etc -xdev -type f -perm /007 -exec grep -lsE -e {shlex.quote(KEY_FILES)} -- {{}} +"
    )
    return sorted(host.run(search).stdout.splitlines())


def of_services(host: Any) -> list[tuple[str, Certificate]]:
    """Return files below /etc, with the certificate that each begins with unless it is a CA's.

    What the host trusts is left out, and the host's own certificate.
    """
    search = f"find /etc -xdev -type f -size -1024k -exec grep -lsF -e {BEGIN!r} -- {{}} +"
    found = []
    for path in sorted(host.run(search).stdout.splitlines()):
        if not path.startswith(("/etc/ssl/certs/", f"{PLACE}/")):
            first = host.run("cat -- %s", path).stdout.partition(BEGIN)[2]
            with contextlib.suppress(ValueError):
                one = Certificate.of(BEGIN + first.partition(BEGIN)[0])
                found += [(path, one)] if not _is_authority(one.parsed) else []
    return found


def now(host: Any) -> float:
    """Return the host's clock, in seconds since 1970."""
    return float(host.check_output("date +%s"))


def revocations(host: Any, authority: Certificate) -> tuple[str, set[int], float]:
    """Return who signed the host's list of revoked certificates, the serials on it, and its end.

    The first is `the site's authority`, `somebody else` or `nobody` (there is no list).
    """
    try:
        found = x509.load_pem_x509_crl(text(host, "crl.pem").encode())
    except ValueError:
        return "nobody", set(), 0.0
    key = authority.parsed.public_key()
    ours = isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
    try:
        signed = ours and found.is_signature_valid(key)  # type: ignore[arg-type]
    except (TypeError, UnsupportedAlgorithm):
        signed = False
    ends = found.next_update_utc or datetime.fromtimestamp(0, UTC)
    serials = {entry.serial_number for entry in found}
    return "the site's authority" if signed else "somebody else", serials, ends.timestamp()


def authority(site: Path) -> Certificate:
    """Return the certificate of the authority that a site's folder holds. Raises ValueError."""
    try:
        return Certificate.of((site / "pki" / "authority.pem").read_text())
    except OSError as error:
        raise ValueError(f"the site has no authority: {error}") from None


def noted(site: Path) -> dict[str, Noted]:
    """Return what a site's folder notes of all certificates, by their fingerprint."""
    content = json.loads((site / "pki" / "register.json").read_text())
    return {
        one["sha256"]: Noted(
            one["host"],
            int(one["serial"], 16),
            datetime.fromisoformat(one["ends"]).timestamp(),
            one["revoked_at"] is not None,
        )
        for one in content["issued"]
    }


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        kept = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found = [str(getattr(name, "value", name)) for name in kept]
    except (x509.ExtensionNotFound, ValueError):
        found = []
    common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return [*found, *(str(one.value) for one in common if one.value not in found)]


def _in_words(key: Any) -> str:
    if isinstance(key, ec.EllipticCurvePublicKey):
        return {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}.get(
            key.curve.name, key.curve.name
        )
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    return type(key).__name__
