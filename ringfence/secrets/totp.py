"""Time-based one-time passwords (RFC 6238), as every authenticator app makes them."""

import base64
import hashlib
import hmac
import secrets
import struct
from urllib.parse import quote, urlencode

STEP = 30
"""Seconds for which a code is shown."""
DIGITS = 6
KEY_BYTES = 20
"""160 bits, the length of SHA-1's output (RFC 4226, 4, R6)."""
DRIFT = 1
"""How many codes before and after the present one are taken, for clocks that differ."""


def new_key() -> str:
    """Return a key that nobody has, in base32."""
    return base64.b32encode(secrets.token_bytes(KEY_BYTES)).decode()


def code(key: str, moment: float) -> str:
    """Return the code of a key (base32) at a time in seconds since 1970."""
    counter = struct.pack(">Q", int(moment) // STEP)
    digest = hmac.new(base64.b32decode(key), counter, hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    (number,) = struct.unpack(">I", digest[offset : offset + 4])
    return f"{(number & 0x7FFFFFFF) % 10**DIGITS:0{DIGITS}d}"


def accepts(key: str, given: str, moment: float) -> bool:
    """Whether a code is the present one of a key, or one of its neighbours."""
    known = [code(key, moment + STEP * step) for step in range(-DRIFT, DRIFT + 1)]
    return any(hmac.compare_digest(each, given) for each in known)


def uri(key: str, account: str, issuer: str) -> str:
    """Return what an authenticator app reads from a QR code (Key Uri Format)."""
    label = quote(f"{issuer}:{account}", safe=":@")
    return f"otpauth://totp/{label}?{urlencode({'secret': key, 'issuer': issuer}, quote_via=quote)}"
