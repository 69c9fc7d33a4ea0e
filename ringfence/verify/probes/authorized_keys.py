"""The lines of an authorized_keys file, as sshd(8) reads them ("AUTHORIZED_KEYS FILE FORMAT")."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_network

KEY_TYPE = re.compile(r"(ssh-|sk-|ecdsa-|x509v3-)[A-Za-z0-9@.+-]+$")
OPTION = re.compile(r'([A-Za-z0-9-]+)(?:="((?:[^"\\]|\\.)*)")?(,|$)')
EXPIRY_FORMATS = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
FIELD = re.compile(r'(?:[^\s"]|"(?:[^"\\]|\\.)*"?)+')


@dataclass(frozen=True)
class Line:
    """One key that a file grants."""

    number: int
    fingerprint: str
    """``SHA256:…``, or the line's text where it holds no key that can be read."""
    options: dict[str, list[str]] = field(default_factory=dict)
    """Option (lower case) to its values; a flag has an empty text."""

    @property
    def expires(self) -> datetime | None:
        """The earliest moment from which the key is refused, or None when it never is.

        Raises:
            ValueError: sshd would not understand the expiry.
        """
        moments = [_moment(text) for text in self.options.get("expiry-time", [])]
        return min(moments) if moments else None

    @property
    def sources(self) -> list[str] | None:
        """The address patterns of ``from=``, or None when the key works from anywhere."""
        listed = self.options.get("from")
        return listed[0].split(",") if listed else None


def parse(text: str) -> Iterator[Line]:
    """Yield the keys of a file; any other line but a comment is a key that can't be read."""
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if line and not line.startswith("#"):
            yield _line(number, line)


def is_from_within(pattern: str, networks: list[str]) -> bool:
    """Whether a ``from=`` pattern admits no address outside ``networks``."""
    if pattern.startswith("!"):
        return True
    try:
        admitted = ip_network(pattern, strict=False)
        allowed = [ip_network(network, strict=False) for network in networks]
    except ValueError:
        return pattern in networks
    return any(
        admitted.subnet_of(one)  # type: ignore[arg-type]
        for one in allowed
        if one.version == admitted.version
    )


def _line(number: int, line: str) -> Line:
    fields = FIELD.findall(line)
    options: dict[str, list[str]] = {}
    if fields and not KEY_TYPE.match(fields[0]):
        position = 0
        while match := OPTION.match(fields[0], position):
            value = (match[2] or "").replace('\\"', '"')
            options.setdefault(match[1].lower(), []).append(value)
            position = match.end()
            if match[3] == "":
                break
        if position != len(fields[0]):
            return Line(number, line)
        fields = fields[1:]
    if len(fields) < 2 or not KEY_TYPE.match(fields[0]):
        return Line(number, line)
    try:
        blob = base64.b64decode(fields[1], validate=True)
    except binascii.Error:
        return Line(number, line)
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return Line(number, f"SHA256:{digest}", options)


def _moment(text: str) -> datetime:
    plain = text.upper().removesuffix("Z")
    if len(plain) not in EXPIRY_FORMATS:
        raise ValueError(f"{text!r} is no expiry time")
    return datetime.strptime(plain, EXPIRY_FORMATS[len(plain)])
