"""The base of every model of a site's file, and the small types that the models share."""

import re
from datetime import date
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from ringfence.site.meanings import meanings

LOGIN_NAME = r"^[a-z_][a-z0-9_-]{0,31}$"
HOST_NAME = r"^[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))*$"
CONTROL_ID = r"^[A-Z]{2,4}-[0-9]{2}$"
GROUP_NAME = r"^[a-z][a-z0-9_]{0,62}$"
DNS_NAME = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,62})(\.[A-Za-z0-9]([A-Za-z0-9-]{0,62}))*"
)


class Section(BaseModel):
    """Part of a site's file: strict, frozen, without unknown keys. Settings of roles subclass it.

    Values arrive as JSON: dates, addresses and enums as text; nothing else is converted.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe each key by the text below its field."""
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name, text in meanings(cls).items():
            described = properties[cls.model_fields[name].alias or name]
            if handler.resolve_ref_schema(described).get("description") != text:
                described.setdefault("description", text)
        return schema


class Classification(StrEnum):
    """The most sensitive data on a host, in order (RD 1720/2007 art. 81)."""

    BASIC = "basic"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for basic, 1 for medium, 2 for high."""
        return list(Classification).index(self)

    def __lt__(self, other: str) -> bool:
        return self.rank < Classification(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Classification(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Classification(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Classification(other).rank


def as_ip(text: str) -> IPv4Address | IPv6Address | None:
    """Return the IP address that a text is, or None."""
    try:
        return ip_address(text)
    except ValueError:
        return None


def resolve_file(site: Path, name: str) -> Path:
    """Return a file that a site's file names: relative to the site, to ~, or absolute."""
    return Path.home() / name[2:] if name.startswith("~/") else site / name


def _address(text: str) -> str:
    address = as_ip(text)
    if address is None:
        if DNS_NAME.fullmatch(text) and not re.fullmatch(r"[0-9.]+", text):
            return text.lower()
        raise ValueError("is neither an IP address nor a DNS name")
    if address.is_unspecified or address.is_multicast:
        raise ValueError("is not the address of a host")
    return str(address)


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        if "host bits" in str(error):
            network = ip_network(text, strict=False)
            raise ValueError(f"has bits outside its prefix; the network is {network}") from None
        raise ValueError("is neither an IP address nor a network such as 10.0.0.0/24") from None


def _ports(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError('must be a port (5061) or a range in quotes ("10000-20000")')
    found = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", str(value))
    if not found:
        raise ValueError('must be a port (5061) or a range in quotes ("10000-20000")')
    first, last = int(found[1]), int(found[2] or found[1])
    if not 1 <= first <= last <= 65535:
        raise ValueError("must lie between 1 and 65535, the lower port first")
    return str(first) if first == last else f"{first}-{last}"


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value.strip()


def _line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must be one line of printable text")
    return _text(value)


FORMS = {
    LOGIN_NAME: "a login name: up to 32 lower-case letters, digits, - and _, a letter first",
    HOST_NAME: "a host's name: lower-case letters, digits and -, perhaps with dots",
    CONTROL_ID: "the id of a control, such as SSH-03",
    GROUP_NAME: "a name of lower-case letters, digits and _, a letter first",
}
"""What the patterns mean, for people."""

Text = Annotated[str, AfterValidator(_text), StringConstraints(max_length=2000)]
"""Some words, over several lines if need be."""
Line = Annotated[str, AfterValidator(_line), StringConstraints(max_length=200)]
"""Some words in one line."""
LoginName = Annotated[str, StringConstraints(pattern=LOGIN_NAME)]
"""A login name as Debian's adduser takes it."""
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A time of day: 08:30."""
HostName = Annotated[str, StringConstraints(pattern=HOST_NAME, max_length=253)]
"""A host's name: lower-case letters, digits, hyphens, dots."""
GroupName = Annotated[str, StringConstraints(pattern=GROUP_NAME)]
"""A group's name; it is a Python name too, because pyinfra's inventories are Python."""
Address = Annotated[str, AfterValidator(_address)]
"""An IPv4 or IPv6 address or a DNS name, in its canonical form."""
Network = Annotated[str, AfterValidator(_network)]
"""An IP network, or one address, in its canonical form (`10.0.0.1` becomes `10.0.0.1/32`)."""
Port = Annotated[int, Field(ge=1, le=65535)]
"""A TCP or UDP port."""
Ports = Annotated[
    str,
    BeforeValidator(_ports),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 65535},
                {"type": "string", "pattern": "^[0-9]{1,5}(-[0-9]{1,5})?$"},
            ]
        }
    ),
]
"""A port or a range of ports, as text: `5061`, `10000-20000`."""
EnsCategory = Literal["basic", "medium", "high"]
"""The category of a system by ENS (RD 311/2022, anexo I)."""
Date = date
"""A day, written 2027-06-30."""
