"""The authority itself: it signs certificates of hosts, and the list of revoked ones (RFC 5280).

A host makes its key and asks with a request (PKCS #10, RFC 2986); what the certificate names comes
from the site's inventory, never from the request.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ringfence.errors import UsageError
from ringfence.pki.keys import HostKey, key_of
from ringfence.pki.lifetime import CERTIFICATE_DAYS, CLOCKS, LIST_DAYS

AUTHORITY_YEARS = 10
LONGEST_NAME = 64
"""Letters of a subject's names (RFC 5280, appendix A: `ub-common-name`)."""


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
        return self.certify(key_of(request, host), host, address, now)

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


def names(host: str, address: str) -> list[str]:
    """Return what the certificate of a host names: the host, and how others reach it."""
    return [str(name.value) for name in _general_names(host, address)]


def _private(key: str) -> ec.EllipticCurvePrivateKey:
    try:
        private = serialization.load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        private = None
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise UsageError("the authority's key, among the site's secrets, is damaged")
    return private


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
