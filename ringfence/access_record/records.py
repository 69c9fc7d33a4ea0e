"""One raw audit record, as the kernel wrote it and auditd enriched it: text in, fields out."""

import re
from dataclasses import dataclass

HEAD = re.compile(
    r"(?:node=\S+ )?type=([A-Z0-9_]+) msg=audit\(([0-9]{1,11}\.[0-9]{3}:[0-9]{1,10})\): ?(.*)",
    re.DOTALL,
)
ENRICHMENT = "\x1d"
"""What auditd puts before the names that it adds (AUDIT_INTERP_SEPARATOR of libaudit.h); the
plugin of audispd that writes to syslog makes a space of it."""
KEY_SEPARATOR = "\x01"
"""What stands between the keys of a rule that has several (AUDIT_KEY_SEPARATOR of audit.h)."""
Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class Record:
    """One of the records that make an event."""

    type: str
    """SYSCALL, CWD, PATH, OPENAT2, PROCTITLE, EOE …"""
    event: str
    """`SECONDS.MILLISECONDS:SERIAL`: the time since 1970 and the number within the host's uptime;
    all records of an event have the same."""
    fields: Fields
    """Each field's value as it stands there; `decoded` reads it."""


def parse(text: str) -> Record | None:
    """Return the record that a message holds; None when it holds none.

    A value has no space in it: the kernel writes what a user can choose (names of files and
    programs) in hexadecimal when it has one (`audit_log_untrustedstring`). Of two fields with one
    name the first counts: it is the kernel's.
    """
    head = HEAD.fullmatch(text)
    if head is None:
        return None
    fields: Fields = {}
    for part in head[3].replace(ENRICHMENT, " ").split(" "):
        name, equals, value = part.partition("=")
        if equals and name not in fields:
            fields[name] = value
    return Record(head[1], head[2], fields)


def decoded(value: str | None) -> str | None:
    """Return the text of a value that a user could choose; None for `(null)` and a missing one.

    It stands in quotation marks; or in hexadecimal, when it holds a space, a quotation mark, a
    control character or a byte above 0x7e. Bytes that are not UTF-8 become surrogates (PEP 383).
    """
    if value is None or value == "(null)":
        return None
    if value[:1] == '"':
        return value[1:].removesuffix('"')
    try:
        return bytes.fromhex(value).decode("utf-8", "surrogateescape")
    except ValueError:
        return value


def number(value: str | None, base: int = 10) -> int | None:
    """Return a field's number; None when it has none."""
    try:
        return int(value or "", base)
    except ValueError:
        return None


def keys(fields: Fields) -> list[str]:
    """Return the keys of the rule that a SYSCALL record answers."""
    return (decoded(fields.get("key")) or "").split(KEY_SEPARATOR)
