"""What a site decides about alerts: who hears of a failing control, which services are watched."""

import re
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from ringfence.site import Host, Section
from ringfence.site.section import Address, Line, Port

OF_CONTROLS = (
    *("apparmor.service", "auditd.service", "chrony.service", "clamav-daemon.service"),
    *("clamav-freshclam.service", "fail2ban.service", "nftables.service", "rsyslog.service"),
    *("ssh.service", "suricata.service", "systemd-journald.service", "wg-quick@.service"),
)
"""Services of Debian's by which controls hold; one that a host doesn't have is passed over."""

SecretName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,62}$")]
"""The name of one of the site's secrets."""
ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
"""A name of lower-case letters, digits and hyphens, a letter first."""
UnitName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*@?\.service$", max_length=100)
]


def _mailbox(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._%+=-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", text):
        raise ValueError("must be an address of mail alone, such as soc@example.org")
    return text


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("is no URL") from None
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("must begin with https:// (or http://) and a host")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            "must end with its path: secrets come from `token`, or from `path` where they are part "
            "of the address"
        )
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError("must be plain ASCII without spaces")
    return text.rstrip("/") if not parts.path.strip("/") else text


Mailbox = Annotated[str, AfterValidator(_mailbox), StringConstraints(max_length=200)]
"""An address of mail, without a name."""
Url = Annotated[str, AfterValidator(_url), StringConstraints(max_length=300)]
"""An address of the web without secrets."""


class Mail(Section):
    """A channel by mail, over SMTP."""

    name: ChannelName
    """What it is called."""
    server: Address
    """The mail server; its certificate must be for this name or address."""
    port: Port = 587
    """Its port."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """TLS begun within the connection (587), from its start (465), or none: for a relay on the
    site's own network, and without `user`."""
    authority: Literal["system", "site"] = "system"
    """Who must have signed the server's certificate: an authority that Debian trusts, or the
    site's own (role `pki`)."""
    user: Line | None = None
    """The account at the server, if it asks for one."""
    password: SecretName | None = None
    """The name of the secret that holds its password."""
    sender: Mailbox
    """From whom messages come."""
    to: list[Mailbox] = Field(min_length=1, max_length=20)
    """Who gets them."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("names one of user and password: name both, or neither")
        if self.user is not None and self.security == "none":
            raise ValueError("would send the password in the clear: use starttls or tls")
        return self


class Webhook(Section):
    """A channel by HTTP: a POST of JSON, whose `text` chat services show."""

    name: ChannelName
    """What it is called."""
    url: Url
    """Where it goes. Redirections are not followed."""
    path: SecretName | None = None
    """The name of the secret that is appended to the URL, where the address itself is one."""
    token: SecretName | None = None
    """The name of the secret that is sent as `Authorization: Bearer …`."""
    authority: Literal["system", "site"] = "system"
    """Who must have signed the server's certificate, as for mail."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.url.startswith("http://") and (self.token or self.path):
            raise ValueError("would send a secret in the clear: use https")
        return self


class WatchedService(Section):
    """A service of the site's own whose failure raises an alert."""

    unit: UnitName
    """Its unit, such as asterisk.service; `acd@.service` stands for all of its instances."""
    groups: list[Line] = Field(min_length=1)
    """The groups on whose hosts it runs."""
    purpose: Line
    """Which control hangs on it, for the auditor."""


class Settings(Section):
    """Alerts: who hears when the service of a control fails, stops, or is gone."""

    mail: list[Mail] = Field(default_factory=list)
    """Channels by mail. Each alert goes to every channel."""
    webhooks: list[Webhook] = Field(default_factory=list)
    """Channels by HTTP."""
    units: list[WatchedService] = Field(default_factory=list)
    """Services that are watched beside those that the product knows."""
    quiet_minutes: int = Field(default=5, ge=1, le=60)
    """How long a host says nothing after a message; what happens meanwhile is in the next one."""
    remind_hours: int = Field(default=24, ge=1, le=168)
    """After how many hours what still fails is told again."""
    test_days: int = Field(default=7, ge=1, le=31)
    """How many days lie between messages that try the whole way."""

    @model_validator(mode="after")
    def _names(self) -> Self:
        names = [channel.name for channel in self.channels]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"has two channels called {twice[0]!r}")
        return self

    @property
    def channels(self) -> list[Mail | Webhook]:
        """All channels, in the order of the policy."""
        return [*self.mail, *self.webhooks]

    @property
    def servers(self) -> list[tuple[str, int]]:
        """The servers of all channels: address and port, by TCP."""
        found = [(mail.server, mail.port) for mail in self.mail]
        for hook in self.webhooks:
            parts = urlsplit(hook.url)
            usual = 443 if parts.scheme == "https" else 80
            found.append((parts.hostname or "", parts.port or usual))
        return list(dict.fromkeys(found))

    @property
    def secrets(self) -> list[str]:
        """The names of the secrets that channels need, once each."""
        names = [mail.password for mail in self.mail]
        names += [secret for hook in self.webhooks for secret in (hook.path, hook.token)]
        return list(dict.fromkeys(name for name in names if name))

    @property
    def channels_shown(self) -> list[dict[str, Any]]:
        """The channels as the program on hosts reads them; secrets by their names."""
        kinds = [*(("mail", mail) for mail in self.mail), *(("webhook", h) for h in self.webhooks)]
        return [{"kind": kind, **channel.model_dump()} for kind, channel in kinds]

    def units_of(self, host: Host) -> list[str]:
        """Return the services, beside Ringfence's, that are watched on a host if it has them."""
        declared = [
            each.unit for each in self.units if any(host.in_group(group) for group in each.groups)
        ]
        return list(dict.fromkeys([*OF_CONTROLS, *declared]))
