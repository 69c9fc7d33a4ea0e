"""What a site decides about its hosts' files: which are watched, and who may change them."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from ringfence.site import Host, Section
from ringfence.site.section import Clock, Line

TREES = ("/boot", "/etc", "/opt", "/usr", "/var/lib/dpkg/info", "/var/spool/cron")
"""Programs, libraries, what starts the host, settings, schedules, and the digests of packages."""
DOCUMENTS = ("/usr/share/doc", "/usr/share/info", "/usr/share/locale", "/usr/share/man")
"""Nothing runs them, and they are a third of all files."""
OF_PEOPLE = (
    *("/etc/shadow", "/etc/shadow-", "/etc/security/opasswd", "/etc/security/opasswd.old"),
    *("/etc/.pwd.lock", "/etc/ringfence/totp"),
)
"""What a person changes with each new password or one-time code; the roles `passwords` and `ssh`
judge what it says."""
OF_THE_GUARD = (
    "/etc/systemd/system/ringfence-guard*",
    "/etc/systemd/system/sysinit.target.d/ringfence-guard*",
)
"""Units that are there during an apply alone."""
OF_THE_SYSTEM = (
    *("/boot/grub/grubenv", "/etc/.updated", "/etc/adjtime", "/etc/resolv.conf"),
    *("/etc/lvm/archive", "/etc/lvm/backup", "/etc/lvm/cache"),
)
"""What the boot loader, the clock, the network and LVM change by themselves."""


def _place(text: str) -> str:
    if not re.fullmatch(r"/[A-Za-z0-9._+@:/-]*\*?", text):
        raise ValueError("must be an absolute path of letters, digits and ._+@:-, * at its end")
    if re.search(r"//|/\.{1,2}(/|$)|.+/$", text):
        raise ValueError("must name one place: without //, /./, /../ and a / at its end")
    return text


Place = Annotated[str, AfterValidator(_place), StringConstraints(max_length=200)]
"""A plain absolute path; `*` at its end stands for the rest of the name."""


class PassedOver(Section):
    """Files that change by themselves."""

    path: Place
    """The file or the directory; `*` at its end stands for the rest of the name."""
    groups: list[Line] = Field(default=["all"], min_length=1)
    """The groups on whose hosts they do."""
    purpose: Line
    """What changes them, for the auditor."""


class Settings(Section):
    """The integrity of files: what is watched, when, and what becomes of changes."""

    watched: list[Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9._+@:/-]*[^/*]$")]] = (
        Field(default_factory=list)
    )
    """Directories beside /boot, /etc, /opt, /usr, the digests of packages, the tables of cron."""
    passed_over: list[PassedOver] = Field(default_factory=list)
    """What is not watched beside documents, password hashes, and what the network changes."""
    changes: Literal["report", "accept"] = "report"
    """What becomes of changes that no run of Ringfence made: they stay, and FIM-01 red, until
    somebody accepts them by the id of a change; or each apply accepts them, and installs altered
    packages anew, on hosts that are there to be broken."""
    check_time: Clock = "04:15"
    """When files are compared each night, by the host's clock: `HH:MM`."""
    check_delay_minutes: int = Field(default=45, ge=0, le=240)
    """By how much the hosts spread that moment, so that they don't all work at once."""

    def trees_of(self, _host: Host) -> list[str]:
        """Return the directories that are watched on a host."""
        return [*TREES, *self.watched]

    def passed_over_of(self, host: Host) -> list[str]:
        """Return what in them is not."""
        declared = [
            entry.path
            for entry in self.passed_over
            if any(host.in_group(group) for group in entry.groups)
        ]
        return [*DOCUMENTS, *OF_PEOPLE, *OF_THE_GUARD, *OF_THE_SYSTEM, *declared]

    def waits_for_calls(self, host: Host) -> bool:
        """Whether the check waits on a host until no call is active."""
        return host.in_group("pbx")
