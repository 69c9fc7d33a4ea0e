"""What the guard saves for a role: ``roles/<role>/guard.yml``."""

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Annotated, Protocol

from pydantic import AfterValidator, StringConstraints, model_validator

from ringfence.site import Host
from ringfence.site.house import House
from ringfence.site.problems import SiteError
from ringfence.site.section import Section
from ringfence.site.validation import read_model

OWN = "/var/lib/ringfence"
OF_THE_GUARD = tuple(f"{OWN}/{name}" for name in ("guard", "states", "previous", "lock"))
NEVER_WHOLE = {"/", "/etc", "/home", "/root", "/usr", "/var", "/var/lib", "/etc/systemd/system"}
"""Too much to put back: other roles, and the guard itself, keep their files there."""


def _saved_path(text: str) -> str:
    path = PurePosixPath(text.replace("~", "/home/account", 1) if text.startswith("~/") else text)
    if (
        not path.is_absolute()
        or ".." in path.parts
        or str(path) not in (text, f"/home/account{text[1:]}")
    ):
        raise ValueError("must be a plain absolute path such as /etc/ssh, or ~/ and a path")
    if text in {*NEVER_WHOLE, OWN} or any(f"{text}/".startswith(f"{of}/") for of in OF_THE_GUARD):
        raise ValueError("is too much to put back: name the files or directories in it")
    if text.startswith(("/dev/", "/proc/", "/run/", "/sys/")):
        raise ValueError("is not on a disk, so there is nothing to put back")
    return text


SavedPath = Annotated[
    str,
    StringConstraints(pattern=r"^(/|~/)[A-Za-z0-9._+@:/-]+$"),
    AfterValidator(_saved_path),
]
"""An absolute path, or one in the home of the account that Ringfence logs in as (`~/…`)."""
UnitName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9:_.@-]+\.(service|socket|timer|target|path)$")
]


SettingName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+([.][a-z0-9_*]+)+$")]


class Covering(Protocol):
    """What says what must come back."""

    def lines(self, account: str) -> str:
        """Return the form that the host reads (guard.sh); ``account`` is whose home `~` means."""


class Coverage(Section):
    """What must come back when a change locks its makers out."""

    paths: list[SavedPath] = []
    """Files and directories; a directory comes back as it was, without what is new in it."""
    services: list[UnitName] = []
    """Units, in the order in which they are started again; also enabled or masked as before."""
    rulesets: bool = False
    """Whether the running nftables ruleset is saved, and loaded again at once."""
    settings: list[SettingName] = []
    """Settings of the running kernel, with `*` for each interface: `net.ipv4.conf.*.rp_filter`."""
    decides_access: bool = False
    """Whether the role decides who may log in by ssh, by `Site.access`: before it is touched, the
    key and the address that are in use must be allowed there."""
    follows: bool = False
    """Whether the role is no danger itself, and tells what others did: its files come back with
    theirs, whichever roles are applied."""

    @model_validator(mode="after")
    def _covers_something(self) -> "Coverage":
        if not (self.paths or self.services or self.rulesets or self.settings):
            raise ValueError("covers nothing: name paths, services, settings or rulesets")
        if self.follows and (self.services or self.rulesets or self.settings):
            raise ValueError("follows, so it can cover paths alone")
        if self.follows and self.decides_access:
            raise ValueError("follows, so it can't decide access")
        return self

    def lines(self, account: str) -> str:
        """Return the form that the host reads (guard.sh); ``account`` is whose home `~` means."""
        lines = [
            f"home {account} {path[2:]}" if path.startswith("~/") else f"path {path}"
            for path in self.paths
        ]
        lines += [f"service {unit}" for unit in self.services]
        lines += [f"setting {name}" for name in self.settings]
        return "".join(f"{line}\n" for line in [*lines, *(["rulesets"] if self.rulesets else [])])


def dangerous_roles(house: House) -> dict[str, Coverage]:
    """Return the roles of the table whose change can lock people out, with what is put back.

    Raises:
        SiteError: a guard.yml is wrong; every problem of every one.
    """
    return {role: found for role, found in _coverages(house).items() if not found.follows}


def chosen_dangers(house: House, host: Host, roles: str | None) -> dict[str, Coverage]:
    """Return the dangerous roles among those of a host, or among ``roles`` (comma separated)."""
    own = house.roles_for(host.groups)
    named = own if roles is None else [role.strip() for role in roles.split(",")]
    return {r: c for r, c in dangerous_roles(house).items() if r in own and r in named}


def followers(house: House, host: Host) -> list[Coverage]:
    """Return what comes back with whatever a dangerous role of a host changed.

    Raises:
        SiteError: a guard.yml is wrong; every problem of every one.
    """
    own = house.roles_for(host.groups)
    return [found for role, found in _coverages(house).items() if found.follows and role in own]


def _coverages(house: House) -> dict[str, Coverage]:
    """Return the roles of the table that have a guard.yml, with what it covers."""
    found, problems = {}, []
    for role in house.roles:
        path = house.role_dir(role) / "guard.yml"
        if not path.exists():
            continue
        coverage, _, wrong = read_model(Coverage, path, f"roles/{role}/guard.yml")
        problems += wrong
        if coverage is not None:
            found[role] = coverage
    if problems:
        raise SiteError(problems)
    return found


def together(coverages: Iterable[Coverage]) -> Coverage:
    """Return what all of them cover, without repetition and without paths inside others."""
    every = list(coverages)
    paths = list(dict.fromkeys(path for coverage in every for path in coverage.paths))
    return Coverage(
        paths=[p for p in paths if not any(p.startswith(f"{other}/") for other in paths)],
        services=list(dict.fromkeys(unit for coverage in every for unit in coverage.services)),
        settings=list(dict.fromkeys(name for coverage in every for name in coverage.settings)),
        rulesets=any(coverage.rulesets for coverage in every),
        decides_access=any(coverage.decides_access for coverage in every),
    )
