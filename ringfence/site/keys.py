"""Public keys for ssh: parsed, judged, and never mistaken for private ones."""

import base64
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.dsa import DSAPublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from ringfence.site.problems import SECRET_TEXT

SMALLEST_RSA = 3072
NO_DSA = "is a DSA key, which OpenSSH no longer takes; use ssh-ed25519"
LARGEST_KEY_FILE = 16 * 1024
SECURITY_KEYS = ("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com")


@dataclass(frozen=True)
class PublicKey:
    """One public key: its algorithm, its base64 blob, and the comment behind it."""

    algorithm: str
    blob: str
    comment: str

    @property
    def line(self) -> str:
        """The key as it stands in authorized_keys, without comment."""
        return f"{self.algorithm} {self.blob}"

    @property
    def fingerprint(self) -> str:
        """The fingerprint that `ssh-keygen -l` prints: `SHA256:…`."""
        digest = hashlib.sha256(base64.b64decode(self.blob)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


@lru_cache(maxsize=4096)  # a register is asked for again and again, and has the same keys each time
def parse_public_key(text: str) -> PublicKey:
    """Parse one line of an OpenSSH public key.

    Raises ValueError with the rest of a sentence ("must be …") for what is no key fit for use. RSA
    needs 3072 bits (128 bits of security: NIST SP 800-57 part 1); OpenSSH 9.8 has no DSA. The
    sentence never repeats the text: it may be a private key, pasted by mistake.
    """
    if SECRET_TEXT.search(text):
        raise ValueError(
            "holds a PRIVATE key: treat it as leaked, make a new one, and write its .pub file here"
        )
    fields = text.split(None, 2)
    if len(text.splitlines()) != 1 or len(fields) < 2:
        raise ValueError("must be one line: algorithm, base64 text and comment, as in a .pub file")
    algorithm, blob, comment = fields[0], fields[1], fields[2] if len(fields) > 2 else ""
    if not comment.isprintable():
        raise ValueError("has a comment with unprintable characters")
    if algorithm not in SECURITY_KEYS:
        _judge(algorithm, blob)
    else:
        _judge_security_key(algorithm, blob)
    return PublicKey(algorithm, blob, comment.strip())


def read_public_key(path: Path) -> PublicKey:
    """Read the public key in a file.

    Raises ValueError as `parse_public_key` does, OSError when the file can't be read.
    """
    with path.open("rb") as stream:
        content = stream.read(LARGEST_KEY_FILE + 1)
    if len(content) > LARGEST_KEY_FILE:
        raise ValueError("is too large for a public key")
    return parse_public_key(content.decode("utf-8", errors="replace").strip())


def _judge(algorithm: str, blob: str) -> None:
    if algorithm.endswith("-cert-v01@openssh.com"):
        raise ValueError("is a certificate; write the public key itself")
    try:
        key = load_ssh_public_key(f"{algorithm} {blob}".encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if algorithm == "ssh-dss":
            raise ValueError(NO_DSA) from None
        raise ValueError(
            "is not a public key that OpenSSH reads; copy the whole .pub file"
        ) from None
    if isinstance(key, DSAPublicKey):
        raise ValueError(NO_DSA)
    if isinstance(key, RSAPublicKey) and key.key_size < SMALLEST_RSA:
        raise ValueError(
            f"is an RSA key of {key.key_size} bits; use ssh-ed25519, or {SMALLEST_RSA} bits or more"
        )


def _judge_security_key(algorithm: str, blob: str) -> None:
    try:
        content = base64.b64decode(blob, validate=True)
    except ValueError:
        content = b""
    name = algorithm.encode()
    if not content.startswith(len(name).to_bytes(4, "big") + name) or len(content) < len(name) + 40:
        raise ValueError("is not a public key that OpenSSH reads; copy the whole .pub file")
