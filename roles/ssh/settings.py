"""What a site decides about ssh; everything else is decided by the controls."""

from pydantic import Field

from ringfence.site import Section
from ringfence.site.section import Port, Text

BANNER = """\
This system is for authorised use only. What is done here is recorded and may be
used as evidence. If you have no permission to be here, disconnect now."""


class Settings(Section):
    """How sshd of every host behaves within what SSH-01 to SSH-04 allow."""

    port: Port = 22
    """The port on which sshd listens."""
    banner: Text = BANNER
    """What sshd says before anybody logs in; it must not tell what the host runs."""
    login_grace_seconds: int = Field(default=30, ge=10, le=60)
    """How long a login may take."""
    attempts: int = Field(default=3, ge=2, le=4)
    """How many keys or codes a connection may try."""
    sessions: int = Field(default=4, ge=2, le=10)
    """How many sessions one connection may open. Ringfence itself needs two."""
    idle_minutes: int = Field(default=15, ge=5, le=15)
    """After how long a shell in which nothing happens, or a dead connection, is closed (PCI DSS
    8.2.8)."""
