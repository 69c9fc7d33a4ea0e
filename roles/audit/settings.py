"""What a site decides about the audit of its hosts: what is recorded, how much is kept, and what
happens when it can't be."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from ringfence.site import Host, Section
from ringfence.site.section import Line
from roles.audit.rules import (
    CALLS,
    DENIED,
    PLACES,
    PRIVILEGED,
    ROOT_COMMANDS,
    Place,
    Rule,
    of_data,
)

WAIT = 1500
"""Jiffies (4 ms each on Debian) for which a program waits whose record finds no room: 6 seconds.
Debian's 60000 would let a daemon stand still for minutes."""
KEY = r"^[a-z][a-z0-9-]{1,29}$"


def _path(text: str) -> str:
    if not re.fullmatch(r"/[A-Za-z0-9._+@:/-]+", text) or re.search(r"//|/\.{1,2}(/|$)|/$", text):
        raise ValueError(
            "must be a plain absolute path such as /opt/acd/etc, without a / at its end"
        )
    return text


class Watched(Section):
    """A file or directory of the site's whose changes are recorded."""

    path: Annotated[str, AfterValidator(_path), StringConstraints(max_length=200)]
    """The file or directory; of a directory, all that lies in it."""
    groups: list[Line] = Field(min_length=1)
    """The groups on whose hosts it is."""
    key: Annotated[str, StringConstraints(pattern=KEY)] = "application"
    """The word by which its records are found (`ausearch -k`)."""


class Settings(Section):
    """The kernel's audit: what it records, and what happens when a record can't be kept."""

    immutable: bool = True
    """Whether nobody, root neither, can change what is recorded until the next boot. Then every
    change of the rules needs one, and so does going back."""
    root_commands: list[Line] = Field(default=["all"])
    """The groups on whose hosts each program is recorded that a person runs as root."""
    watched: list[Watched] = Field(default_factory=list)
    """Files and directories whose changes are recorded, beside those that the product knows."""
    backlog: int = Field(default=8192, ge=1024, le=262_144)
    """Records that the kernel holds while auditd is busy; 8192 take about 10 MB."""
    log_megabytes: int = Field(default=50, ge=8, le=2000)
    """The size of a file of records, in MB."""
    log_files: int = Field(default=10, ge=5, le=999)
    """How many of them a host keeps; the oldest goes first."""
    when_full: Literal["rotate", "suspend", "single", "halt"] = "rotate"
    """What auditd does when the disk is nearly full, or full: `rotate` drops its oldest file and
    goes on; `suspend` keeps what it has and writes no more; `single` and `halt` end the host's
    service, and every call, rather than go on without a record."""

    def places_of(self, host: Host) -> list[Place]:
        """Return the files and directories whose changes are recorded where a host has them."""
        own = [
            Place(each.path, each.key)
            for each in self.watched
            if any(host.in_group(group) for group in each.groups)
        ]
        known = [p for p in PLACES if any(host.in_group(group) for group in p.groups)]
        return [*own, *known]

    def rules_of(self, host: Host, data: list[str]) -> list[Rule]:
        """Return the rules of a host, in their order: of each place one as a file, and one as a
        directory, of which at most one can be true.

        Args:
            host: the host.
            data: its directories of personal data.
        """
        placed = [
            place.rule(is_directory)
            for place in self.places_of(host)
            for is_directory in (True, False)
        ]
        root = any(host.in_group(group) for group in self.root_commands)
        commands = [ROOT_COMMANDS] if root else []
        return [*(of_data(path) for path in data), *placed, *CALLS, *commands, *PRIVILEGED, *DENIED]

    def state_of_the_kernel(self) -> dict[str, str]:
        """Return how the kernel's audit must be, by the kernel's own names (auditctl(8), -s)."""
        return {
            "enabled": "2" if self.immutable else "1",
            "failure": "1",
            "rate_limit": "0",
            "backlog_limit": str(self.backlog),
            "backlog_wait_time": str(WAIT),
            "loginuid_immutable": "1 locked",
        }

    @property
    def kernel_words(self) -> list[str]:
        """Words that the kernel's line needs (kernel-parameters.txt)."""
        return ["audit=1", f"audit_backlog_limit={self.backlog}"]

    @property
    def actions(self) -> dict[str, str]:
        """What auditd does when: its settings by name (auditd.conf(5))."""
        return {
            "space_left_action": "SYSLOG",
            "admin_space_left_action": self.when_full.upper(),
            "disk_full_action": self.when_full.upper(),
            "disk_error_action": "SYSLOG" if self.when_full == "rotate" else self.when_full.upper(),
            "overflow_action": "SYSLOG",
        }
