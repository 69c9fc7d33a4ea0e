"""Keys of hosts: what is taken of a request (PKCS #10, RFC 2986), and how a key is told again."""

import hashlib

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ringfence.errors import UsageError

RSA_BITS = 2048
CURVES = ("secp256r1", "secp384r1", "secp521r1")
LARGEST = 65536
"""Bytes of a request that is read."""
HostKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
"""What a certificate is made for."""


def key_of(request: bytes, host: str) -> HostKey:
    """Return the key of a host's request (PEM).

    Raises UsageError: the request is damaged, isn't signed by its own key, or the key is weak.
    """
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
