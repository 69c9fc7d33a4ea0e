"""policy.yml: everything that a site decides, beside its list of hosts.

The sections here belong to no role. Each role with settings adds one, named like itself;
`compose` puts them together.
"""

from datetime import datetime, timedelta
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, create_model, field_validator, model_validator

from ringfence.errors import ToolError, UsageError
from ringfence.site.house import House
from ringfence.site.keys import LARGEST_KEY_FILE, parse_public_key
from ringfence.site.section import (
    Clock,
    Date,
    GroupName,
    Line,
    LoginName,
    Network,
    Ports,
    Section,
)


class Organisation(Section):
    """Who runs the contact center."""

    name: Line
    """The organisation's name, as it stands in reports."""
    security_contact: Line | None = None
    """Where somebody who finds a weakness writes to."""


class Client(Section):
    """A customer of the outsourcer, whose data some hosts hold."""

    name: Line
    """The client's name, as it stands in reports."""


class SshKey(Section):
    """A public key, and until when it may be used."""

    key: str | None = Field(default=None, max_length=LARGEST_KEY_FILE)
    """The public key: the line of the .pub file."""
    expires: Date
    """The last day on which the key is accepted."""

    @field_validator("key")
    @classmethod
    def _is_a_public_key(cls, text: str | None) -> str | None:
        if text is not None:
            parse_public_key(text)
        return text


class PersonKey(SshKey):
    """A person's public key, and until when it may be used."""

    key: str = Field(max_length=LARGEST_KEY_FILE)
    """The public key: the line of the .pub file."""


class DeployKey(SshKey):
    """A key of an account that Ringfence logs in as: give `key` or `key_file`."""

    key_file: Line | None = None
    """A file with the public key, relative to the site."""
    owner: Line
    """The person who answers for the key."""
    sources: list[Network] = Field(default_factory=list)
    """The addresses or networks from which it is accepted; empty means anywhere."""

    @model_validator(mode="after")
    def _key_or_file(self) -> "DeployKey":
        if self.key is None and self.key_file is None:
            raise ValueError("needs the public key: `key` or `key_file`")
        if self.key is not None and self.key_file is not None:
            raise ValueError("has both `key` and `key_file`: keep one of them")
        return self


class Person(Section):
    """Somebody who works here; the name of the entry is the login name."""

    full_name: Line
    """First and last name."""
    roles: list[GroupName] = Field(default_factory=list)
    """What the person does: names of your choice, to which `access` opens hosts."""
    ssh_keys: list[PersonKey] = Field(default_factory=list)
    """The person's public keys."""
    leaves: Date | None = None
    """The last day here. From the next one on (in UTC) no host admits the person."""
    returned: Date | None = None
    """The day on which somebody whose accounts were closed for inactivity was admitted again (role
    `accounts`)."""


class Grant(Section):
    """Who may log in to the hosts of some groups."""

    groups: list[Line] = Field(min_length=1)
    """The groups whose hosts are opened; `all` means every host."""
    roles: list[Line] = Field(default_factory=list)
    """The people with one of these roles may log in."""
    people: list[Line] = Field(default_factory=list)
    """These people may log in, whatever their roles."""

    @model_validator(mode="after")
    def _somebody(self) -> "Grant":
        if not self.roles and not self.people:
            raise ValueError("opens the hosts to nobody: name `roles` or `people`")
        return self


class Flow(Section):
    """One network path that is allowed; what no flow allows is closed."""

    source: Line = Field(alias="from")
    """The group that opens the connection, or `internet`."""
    destination: Line = Field(alias="to")
    """The group that takes it, or `internet`."""
    port: Ports
    """The port (5061) or a range in quotes ("10000-20000") on the side that takes it."""
    protocol: Literal["tcp", "udp"]
    """tcp or udp."""
    purpose: Line
    """What it is for, for the auditor who reads the table."""

    @property
    def ports(self) -> tuple[int, int]:
        """First and last port."""
        first, _, last = self.port.partition("-")
        return int(first), int(last or first)


class Retention(Section):
    """How long records are kept."""

    access_records_days: int = Field(default=730, ge=1, le=36500)
    """Days for which the record of accesses is kept; at least 730 where a host is classified high
    (RD 1720/2007 art. 103.4: two years), and 365 where one handles cards (PCI DSS 10.5.1). It lies
    among the logs of hosts that are classified high, handle cards or health information, or have
    data (`permissions.data`): theirs are kept for so many days, or more where `logging` says so."""


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class WorkingHours(Section):
    """When people work here: what is done at other times is told apart in reviews."""

    days: list[Weekday] = Field(min_length=1)
    """The days of the week."""
    begin: Clock
    """When work begins: "08:00"."""
    end: Clock
    """When it ends: "20:00"; earlier than `begin` when that is on the next day."""
    time_zone: Line
    """The zone of these times: Europe/Madrid."""

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("is no time zone of this computer's; such as Europe/Madrid") from None
        return name

    def cover(self, moment: datetime) -> bool:
        """Whether somebody works at a moment (with a zone). A day that ends after midnight counts
        as the day on which it began."""
        local = moment.astimezone(ZoneInfo(self.time_zone))
        clock = f"{local:%H:%M}"
        if self.begin <= self.end:
            return self.begin <= clock < self.end and self._is_a_day(local)
        if clock < self.end:
            return self._is_a_day(local - timedelta(days=1))
        return clock >= self.begin and self._is_a_day(local)

    def _is_a_day(self, local: datetime) -> bool:
        return get_args(Weekday)[local.weekday()] in self.days


class BasePolicy(Section):
    """The sections of policy.yml that belong to no role."""

    organisation: Organisation
    """Who runs the contact center."""
    clients: dict[GroupName, Client] = Field(default_factory=dict)
    """The outsourcer's customers, by a short name that hosts refer to."""
    people: dict[LoginName, Person]
    """The people, by login name."""
    access: list[Grant] = Field(default_factory=list)
    """Who may log in where. The account that Ringfence deploys with is apart: `deploy_access`."""
    deploy_access: list[DeployKey] = Field(min_length=1)
    """The keys of the account that Ringfence logs in as (`ssh.user` of hosts.yml)."""
    verify_access: list[DeployKey] = Field(default_factory=list)
    """The keys of the account that verifies (`verify.user` of hosts.yml), which can change nothing.
    Without keys there is no such account."""
    flows: list[Flow] = Field(default_factory=list)
    """The network paths that are allowed."""
    retention: Retention = Retention()
    """How long records are kept."""
    working_hours: WorkingHours | None = None
    """When people work here. Without it no time is told apart: somebody always works."""

    def role(self, name: str) -> Any:
        """Return the settings of a role, an instance of its `Settings`.

        Raises KeyError for a role that has none.
        """
        if name in BasePolicy.model_fields or name not in type(self).model_fields:
            raise KeyError(name)
        return getattr(self, name)


def compose(house: House) -> type[BasePolicy]:
    """Make the model of policy.yml for the roles of a house: one section per role with settings.

    A section may be left out when all of the role's settings have defaults.

    Raises UsageError for a role that is named like a section or an attribute of the model,
    ToolError for settings that can't be imported.
    """
    sections: dict[str, Any] = {}
    for role in house.roles:
        if not (house.role_dir(role) / "settings.py").is_file():
            continue
        if role in BasePolicy.model_fields or hasattr(BasePolicy, role):
            raise UsageError(f"no role can be named {role!r}: policy.yml has another use for it")
        settings = _settings(house, role)
        description = (settings.__doc__ or f"Settings of the role {role}.").strip().splitlines()[0]
        needed = any(field.is_required() for field in settings.model_fields.values())
        default: dict[str, Any] = {} if needed else {"default_factory": settings}
        sections[role] = (settings, Field(description=description, **default))
    model: type[BasePolicy] = create_model("Policy", __base__=BasePolicy, **sections)
    return model


def _settings(house: House, role: str) -> type[Section]:
    where = f"{house.role_dir(role) / 'settings.py'}"
    try:
        found = getattr(house.import_role(role, "settings"), "Settings", None)
    except Exception as error:
        raise ToolError(f"{where} can't be imported: {type(error).__name__}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Section)):
        raise ToolError(f"{where} has no class Settings(Section)")
    return found
