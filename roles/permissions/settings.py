"""What a site decides about permissions: where its data lie, and which programs have privileges."""

import re
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from ringfence.site import Host, Section
from ringfence.site.section import Line, LoginName

LISTS = Path(__file__).parent / "privileged"
CAPABILITIES = r"cap_[a-z_]+(,cap_[a-z_]+)*[+=][eip]+( cap_[a-z_]+(,cap_[a-z_]+)*[+=][eip]+)*"
GRANT = rf"^([2467][0-7]{{3}} [a-z_][a-z0-9_-]*:[a-z_][a-z0-9_-]*|{CAPABILITIES})$"


def _path(text: str) -> str:
    if not re.fullmatch(r"/[A-Za-z0-9._+@:/-]*", text):
        raise ValueError(
            "must be an absolute path of letters, digits and ._+@:- such as /srv/recordings"
        )
    if re.search(r"//|/\.{1,2}(/|$)|.+/$", text):
        raise ValueError("must name one place: without //, /./, /../ and a / at its end")
    return text


AbsolutePath = Annotated[str, AfterValidator(_path), StringConstraints(max_length=200)]
"""A plain absolute path."""


class Data(Section):
    """A directory of data: one group may read it, one account may write it, nobody else sees it."""

    path: AbsolutePath
    """The directory. It and its group are made when they are missing."""
    groups: list[Line] = Field(min_length=1)
    """The groups on whose hosts it lies; `all` means every host."""
    group: LoginName
    """The unix group that may read everything in it."""
    service: LoginName | None = None
    """The account that writes it, and may own what it wrote. Without it only root writes."""


class Privilege(Section):
    """A program that may run with more rights than who starts it."""

    path: AbsolutePath
    """The program, as a package installs it."""
    grant: Annotated[str, StringConstraints(pattern=GRANT)]
    """What it may have: mode and owner (`4755 root:root`), or capabilities (`cap_net_raw=ep`)."""
    purpose: Line
    """Why, for the auditor who reads the list."""


PLACES = {
    "recordings": Data(path="/srv/recordings", groups=["recordings"], group="recordings"),
    "database": Data(path="/srv/database", groups=["database"], group="database"),
    "log_collector": Data(path="/srv/logs", groups=["log_collector"], group="logs"),
    "backup_server": Data(path="/srv/backups", groups=["backup_server"], group="backups"),
}
"""Where the data of the product's groups lie when a site says nothing of them."""


class Settings(Section):
    """Who may read what on a host: its data, its system files, and programs with privileges."""

    data: list[Data] = Field(default_factory=list)
    """Directories of data. The hosts of a group that no entry names get the product's own:
    `/srv/recordings`, `/srv/database`, `/srv/logs` (log_collector), `/srv/backups`
    (backup_server)."""
    privileged: list[Privilege] = Field(default_factory=list)
    """Programs with privileges beside those of Debian's own packages; each must belong to a
    package."""
    other_systems: list[AbsolutePath] = Field(default_factory=list)
    """Directories that hold other systems, such as the images of containers: they are hosts of
    their own, so neither searched nor changed."""
    walk_time: Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = (
        "03:00"
    )
    """When the whole disk is searched each night, by the host's clock: `HH:MM`."""
    walk_delay_minutes: int = Field(default=45, ge=0, le=240)
    """By how much the hosts spread that moment, so that they don't all work at once."""

    def data_of(self, host: Host) -> list[Data]:
        """Return the directories of data that a host has."""
        named = {group for entry in self.data for group in entry.groups}
        defaults = [place for group, place in PLACES.items() if not {group, "all"} & named]
        return [
            entry
            for entry in (*self.data, *defaults)
            if any(host.in_group(group) for group in entry.groups)
        ]

    def privileges(self, release: int) -> dict[str, str]:
        """Return what programs may have on a Debian release: path to grant.

        Nothing, for a release that there is no list of: then nobody can tell what is extra.
        """
        shipped = _shipped(release)
        return {**shipped, **{e.path: e.grant for e in self.privileged}} if shipped else {}


@cache
def _shipped(release: int) -> dict[str, str]:
    """Return the grants of Debian's packages, which `privileged/<release>.txt` lists."""
    file = LISTS / f"{release}.txt"
    lines = file.read_text().splitlines() if file.is_file() else []
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    # Libraries lie in a directory named for the architecture; the lists are of amd64.
    return {
        path.replace("/x86_64-linux-gnu/", f"/{architecture}-linux-gnu/"): grant
        for path, grant, _package in rows
        for architecture in ("x86_64", "aarch64")
    }
