"""lab.yml: what the hosts of a site are made of in the lab; only a site that has a lab has it."""

from ipaddress import IPv4Network
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from ringfence.site.section import HostName, Port, Section

Kind = Literal["machine", "container"]
DiskSize = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,4}[MG]$")]
"""The size of a disk in MiB or GiB: `512M`, `2G`."""
KernelWord = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_.]*(=[A-Za-z0-9_.,:-]+)?$", max_length=100)
]
"""A word of a kernel's command line: `audit=1`."""


def _lab_network(text: str) -> str:
    try:
        network = IPv4Network(text)
    except ValueError:
        raise ValueError("is not an IPv4 network such as 10.77.0.0/24") from None
    if not network.is_private or not 16 <= network.prefixlen <= 28:
        raise ValueError("must be a private IPv4 network between /16 and /28")
    return str(network)


class LabHost(Section):
    """One host of the lab."""

    kind: Kind
    """machine: QEMU with its own kernel; container: systemd-nspawn on this machine's kernel."""
    debian: Literal[12, 13]
    """The Debian release."""
    memory: int | None = Field(default=None, ge=256, le=65536)
    """A machine's memory in MiB (640 unless given); a container shares this machine's."""
    disks: list[DiskSize] = Field(default=[], max_length=8)
    """A machine's extra, empty disks, each by its size."""
    kernel_line: list[KernelWord] = Field(default=[], max_length=16)
    """Words that a machine's kernel line has beside the lab's: QEMU gives it, for no machine of the
    lab has a boot loader."""


class LabInbox(Section):
    """Who takes alerts in the lab: servers at the network's last address, which is this machine's.

    What they are sent lies in `.lab/inbox`, and `ringfence lab inbox` shows it.
    """

    mail: Port = 2525
    """The port that takes mail (SMTP)."""
    web: Port = 8025
    """The port that takes JSON (HTTP)."""

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.mail == self.web:
            raise ValueError(
                f"has {self.mail} for both mail and web: give one of them another port"
            )
        return self


class LabFile(Section):
    """lab.yml: the lab's name, its network and its hosts."""

    name: HostName
    """The lab's name; the first line of the marker file of each of its hosts."""
    network: Annotated[str, AfterValidator(_lab_network)]
    """The private network that the lab's hosts share; it exists inside the lab alone."""
    inbox: LabInbox | None = None
    """Servers of mail and HTTP for the alerts of the lab's hosts; none without it. They need root,
    as containers do."""
    hosts: dict[HostName, LabHost] = Field(min_length=1, max_length=64)
    """The hosts by the names that they have in hosts.yml, which gives their addresses."""
