"""waivers.yml: dated, owned exceptions from controls."""

from datetime import date

from pydantic import Field, model_validator

from ringfence.site.hosts import Host
from ringfence.site.section import CONTROL_ID, Date, Line, Section, Text


class Waiver(Section):
    """An exception: why a control isn't met on some hosts, who answers for it, and until when."""

    control: str = Field(pattern=CONTROL_ID)
    """The id of the control, such as SSH-03."""
    hosts: list[Line] = Field(default_factory=list)
    """The hosts that it holds for."""
    groups: list[Line] = Field(default_factory=list)
    """The groups that it holds for; `all` means every host."""
    reason: Text
    """Why, and what protects the hosts meanwhile; auditors read it."""
    owner: Line
    """The person who answers for the exception."""
    approved: Date
    """The day on which it was approved."""
    approved_by: Line
    """The person who approved it."""
    expires: Date
    """The last day on which it holds."""

    @model_validator(mode="after")
    def _names_hosts(self) -> "Waiver":
        if not self.hosts and not self.groups:
            raise ValueError("holds for no host: name `hosts` or `groups`")
        if self.expires < self.approved:
            raise ValueError("expires before it was approved")
        return self

    def expired(self, today: date) -> bool:
        """Whether the waiver no longer holds on that day."""
        return today > self.expires

    def covers(self, host: Host, control: str) -> bool:
        """Whether it is about this control on this host, expired or not."""
        if control != self.control:
            return False
        return host.name in self.hosts or any(host.in_group(group) for group in self.groups)


class WaiversFile(Section):
    """waivers.yml: the exceptions of a site."""

    waivers: list[Waiver] = Field(default_factory=list)
    """The exceptions; none is best."""
