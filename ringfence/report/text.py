"""Make any text that a host sent safe to print: what cannot be seen is written out."""

import re
from re import Match

_UNSEEN = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and line feed, DEL, C1
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff"
    "\ufdd0-\ufdef\ufffe\uffff"
    "\U000e0000-\U000e007f"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(65536, 1114112, 65536)
    )
    + "]"
)
_RAW_BYTES = range(0xDC80, 0xDD00)


def visible(text: str) -> str:
    r"""Write out every character of ``text`` that acts without being seen.

    These are control characters but tab and line feed, the bidirectional and zero-width
    characters of Unicode (which can make a value read as another; UTR 36, CVE-2021-42574),
    surrogates and noncharacters (which XML 1.0, section 2.2, and UTF-8 refuse). ``ESC`` becomes
    ``\x1b``, a byte that was not UTF-8 ``\xff``, a right-to-left override ``\u202e``.
    """
    return _UNSEEN.sub(_escape, text)


def one_line(text: str) -> str:
    """Return ``visible`` text on one line, for attributes, names and table cells."""
    return " ".join(visible(text).split())


def _escape(match: Match[str]) -> str:
    code = ord(match[0])
    if code in _RAW_BYTES:  # how Python's surrogateescape keeps a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
