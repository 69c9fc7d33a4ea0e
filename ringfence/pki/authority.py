"""The authority itself: it signs certificates of hosts, and the list of revoked ones (RFC 5280).

A host makes its key and asks with a request (PKCS #10, RFC 2986); what the certificate names comes
from the site's inventory, never from the request.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ringfence.errors import UsageError

AUTHORITY_YEARS = 10
CERTIFICATE_DAYS = 90
RENEWED_FROM_DAY = 60
"""From which day of its life on a certificate is replaced: a month of applies may fail. Days are
UTC's, so that a plan finds the same all day long (`ringfence.unchanged`)."""
LIST_DAYS = 90
"""How long a list of revoked certificates counts; one that ended ends the services that read it."""
CLOCKS = timedelta(hours=1)
"""By how much earlier a certificate counts than it was made: clocks of hosts differ."""
RSA_BITS = 2048
CURVES = ("secp256r1", "secp384r1", "secp521r1")
LONGEST_NAME = 64
"""Letters of a subject's names (RFC 5280, appendix A: `ub-common-name`)."""
LARGEST = 65536
"""Bytes of a request that is read."""


class Reason(StrEnum):
    """Why a certificate is revoked (RFC 5280, 5.3.1)."""

    KEY_COMPROMISE = "key-compromise"
    SUPERSEDED = "superseded"
    CESSATION = "cessation"
    """The host is no more."""


FLAGS = {
    Reason.KEY_COMPROMISE: x509.ReasonFlags.key_compromise,
    Reason.SUPERSEDED: x509.ReasonFlags.superseded,
    Reason.CESSATION: x509.ReasonFlags.cessation_of_operation,
}


HostKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
"""What a certificate is made for."""


@dataclass(frozen=True)
class Revocation:
    """A certificate that counts no more."""

    serial: int
    at: datetime
    reason: Reason


@dataclass(frozen=True)
class Authority:
    """The authority of one site: a key that signs, and its own certificate."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate

    @classmethod
    def new(cls, site: str, now: datetime, key: str | None = None) -> "Authority":
        """Make an authority for the site of that name, on the curve P-256.

        Args:
            site: the site's name; its first letters stand in the certificate (`ub-common-name`).
            now: the time.
            key: PEM of the key that it is to have; None makes one.

        Raises:
            UsageError: that key is damaged, or of another kind.
        """
        private = ec.generate_private_key(ec.SECP256R1()) if key is None else _private(key)
        return cls(private, cls._own_certificate(site, now, private))

    @staticmethod
    def _own_certificate(
        site: str, now: datetime, key: ec.EllipticCurvePrivateKey
    ) -> x509.Certificate:
        ending = " authority"
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, site[:LONGEST_NAME]),
                x509.NameAttribute(
                    NameOID.COMMON_NAME, f"{site[: LONGEST_NAME - len(ending)]}{ending}"
                ),
            ]
        )
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - CLOCKS)
            .not_valid_after(now + timedelta(days=365 * AUTHORITY_YEARS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .sign(key, hashes.SHA256())
        )

    @classmethod
    def load(cls, key: str, certificate: bytes, source: str) -> "Authority":
        """Read an authority from the PEM of its key and of its certificate.

        Args:
            key: PKCS #8, not encrypted: it comes out of the site's secrets.
            certificate: PEM.
            source: what the certificate's file is called, for the sentence of an error.

        Raises:
            UsageError: one of them is damaged, or they don't belong together.
        """
        private = _private(key)
        try:
            loaded = x509.load_pem_x509_certificate(certificate)
        except ValueError:
            raise UsageError(f"{source} is no certificate; take it from version control") from None
        if private.public_key() != loaded.public_key():
            raise UsageError(f"{source} is not of the authority's key in the site's secrets")
        return cls(private, loaded)

    def key_text(self) -> str:
        """Return the key as PEM (PKCS #8), for the site's secrets and for nothing else."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    def issue(self, request: bytes, host: str, address: str, now: datetime) -> x509.Certificate:
        """Return a certificate of a host, for 90 days, with which it is server and client.

        Args:
            request: PEM, at most 64 KiB; of it the public key alone counts.
            host: the host's name, which stands in the certificate.
            address: the IP address or DNS name at which others reach it; it stands there too.
            now: the time.

        Raises:
            UsageError: the request is damaged, isn't signed by its own key, or the key is weak.
        """
        return self.certify(_key_of(request, host), host, address, now)

    def certify(self, key: HostKey, host: str, address: str, now: datetime) -> x509.Certificate:
        """Return a certificate of a key that a host has shown to have; the rest as `issue` does."""
        # A longer name stands among the alternative names alone, which then are critical.
        is_short = len(host) <= LONGEST_NAME
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)] if is_short else [])
        names = x509.SubjectAlternativeName(_general_names(host, address))
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - CLOCKS)
            .not_valid_after(now + timedelta(days=CERTIFICATE_DAYS))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage(
                    [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
                ),
                critical=False,
            )
            .add_extension(names, critical=not is_short)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(self._key_identifier(), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def revoked(
        self, revocations: Iterable[Revocation], number: int, now: datetime
    ) -> x509.CertificateRevocationList:
        """Return the list of revoked certificates.

        Args:
            revocations: what is revoked.
            number: of this list; each is higher than the one before (RFC 5280, 5.2.3).
            now: the time.
        """
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now - CLOCKS)
            .next_update(now + timedelta(days=LIST_DAYS))
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(self._key_identifier(), critical=False)
        )
        for one in revocations:
            entry = (
                x509.RevokedCertificateBuilder()
                .serial_number(one.serial)
                .revocation_date(one.at)
                .add_extension(x509.CRLReason(FLAGS[one.reason]), critical=False)
                .build()
            )
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(self.key, hashes.SHA256())

    def _key_identifier(self) -> x509.AuthorityKeyIdentifier:
        own = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own.value)


def is_due(begins: datetime, now: datetime, days: int = RENEWED_FROM_DAY) -> bool:
    """Return whether what counts from `begins` on is to be replaced: from its 60th day (UTC) on."""
    made = (begins + CLOCKS).astimezone(UTC)
    return now.astimezone(UTC).date() >= made.date() + timedelta(days=days)


def key_digest(certificate: x509.Certificate) -> str:
    """Return the SHA-256 (hex) of a certificate's public key (SubjectPublicKeyInfo, RFC 5280)."""
    key = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(key).hexdigest()


def checked_key(certificate: x509.Certificate) -> HostKey:
    """Return the key of a certificate that the authority made. Raises UsageError for another's."""
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise UsageError("a certificate among those of the site has a key that no host makes")
    return key


def names(host: str, address: str) -> list[str]:
    """Return what the certificate of a host names: the host, and how others reach it."""
    return [str(name.value) for name in _general_names(host, address)]


def utc_now() -> datetime:
    """Return the time, in whole seconds as certificates have it."""
    return datetime.now(UTC).replace(microsecond=0)


def _private(key: str) -> ec.EllipticCurvePrivateKey:
    try:
        private = serialization.load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        private = None
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise UsageError("the authority's key, among the site's secrets, is damaged")
    return private


def _key_of(request: bytes, host: str) -> HostKey:
    try:
        if len(request) > LARGEST:
            raise ValueError
        loaded = x509.load_pem_x509_csr(request)
        signed = loaded.is_signature_valid
        key = loaded.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{host}: the request is no PKCS #10 request in PEM") from None
    if not signed:
        raise UsageError(f"{host}: the request is not signed by its own key")
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in CURVES:
        return key
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= RSA_BITS:
        return key
    raise UsageError(
        f"{host}: the request's key is none of RSA from {RSA_BITS} bits on, P-256, P-384 and P-521"
    )


def _general_names(host: str, address: str) -> Sequence[x509.GeneralName]:
    found: list[x509.GeneralName] = [x509.DNSName(host)]
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address)
        found.append(x509.IPAddress(parsed))
    except ValueError:
        if address != host:
            found.append(x509.DNSName(address))
    return found


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
