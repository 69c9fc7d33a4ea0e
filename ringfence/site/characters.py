"""Characters that make a file read otherwise than it looks (Unicode TR 39, CVE-2021-42574)."""

import re

INVISIBLE = re.compile(
    "[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufeff\ufffe\uffff]|\r(?!\n)"
)


def invisible(text: str) -> tuple[int, str] | None:
    """Find the first unwanted character of a file's text; return its index and what to do."""
    found = INVISIBLE.search(text)
    return (found.start(), _sentence(found.group())) if found else None


def smuggled(value: str) -> str | None:
    """Say what is wrong with a value in which an escape ("\\0") hid such a character.

    A tab and the ends of lines may be written as escapes: they are seen.
    """
    found = invisible(value.replace("\t", " ").replace("\r", " "))
    return found[1] if found else None


def _sentence(character: str) -> str:
    if character == "\t":
        return "a tab; use spaces (inside double quotes, \\t)"
    if character == "\r":
        return "a carriage return without a line feed; end lines with a line feed"
    kind = "a NUL byte" if character == "\0" else f"the character U+{ord(character):04X}"
    return f"{kind}, which nobody can see; remove it"
