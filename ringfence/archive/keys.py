"""The public keys of collectors, by which the entries of their archives are judged.

A site keeps them in ``archive/COLLECTOR.pem``: one Ed25519 key or several, PEM blocks one after the
other (a collector that was set up anew has another key, and what the old one signed stays).
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from ringfence.errors import UsageError

Keys = Mapping[str, Ed25519PublicKey]
"""Public keys by name: SHA-256 (hex) of the key's SubjectPublicKeyInfo in DER (RFC 8410)."""
BLOCK = re.compile(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----\n?", re.DOTALL)
LARGEST = 65_536  # bytes


def key_name(key: Ed25519PublicKey) -> str:
    """Return the name that entries give to the key that signed them."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def parse_keys(text: bytes, where: str) -> dict[str, Ed25519PublicKey]:
    """Read PEM blocks. Raises UsageError for a block that is no Ed25519 key, or without one."""
    found: dict[str, Ed25519PublicKey] = {}
    for block in BLOCK.findall(text[:LARGEST]):
        try:
            key = load_pem_public_key(block)
        except (ValueError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PublicKey):
            raise UsageError(f"{where} has a block that is no Ed25519 public key: remove it")
        found[key_name(key)] = key
    if not found:
        raise UsageError(
            f"{where} holds no public key in PEM: fetch the collector's with `ringfence logs trust`"
        )
    return found


def load_keys(path: Path) -> dict[str, Ed25519PublicKey]:
    """Read a file of public keys. Raises UsageError when it is missing or holds none."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror}; fetch the collector's key with `ringfence logs trust SITE`"
        ) from None
    return parse_keys(text, str(path))


def signed_by(key: Ed25519PublicKey, signature: str, message: bytes) -> bool:
    """Tell whether a signature (hex) of a message is the key's."""
    try:
        key.verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True
