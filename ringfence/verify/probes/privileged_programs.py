"""Programs that run with more rights than who starts them, and files open to all.

The host is asked where programs and people's files lie; the rest of its disks is known from the
search that it makes each night.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FOLDER = "/var/lib/ringfence/permissions/latest"
FILES = ("privileged", "capabilities", "open", "unowned", "taken-at")
TIMERS = "*permissions*.timer"
PLACES = (
    *("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/games"),
    *("/home", "/root", "/srv", "/tmp", "/var/tmp", "/dev/shm"),  # noqa: S108 - asked, not used
)
SEARCH = r"""
realpath -qe -- {places} | sort -u | xargs -d '\n' sh -c 'find "$@" -xdev {pruned} \
    \( -type f -perm /6000 -printf "privileged %m %u:%g %p\0" , \
    -type f -perm -0002 -printf "open %p\0" , \
    -type d -perm -0002 ! -perm -1000 -printf "open %p\0" , \
    \( -nouser -o -nogroup \) -printf "unowned %p\0" , \
    -type f -perm /111 -printf "program %p\0" \)' sh 2>/dev/null
"""
LIVE = r"""
found() {{
    {search}
}}
found | grep -zv '^program ' | tr '\n\0' '?\n'
found | sed -zn 's/^program //p' | xargs -0r getcap -- | sed 's/^/capable /'
"""


@dataclass(frozen=True)
class Program:
    """A program with privileges, and what it has: mode and owner, or capabilities."""

    path: str
    grant: str

    def __str__(self) -> str:
        return f"{self.path} {self.grant}"

    def may(self, allowed: Mapping[str, str]) -> bool:
        """Whether it has nothing but what is allowed to its path.

        The owner counts for set-uid, the group for set-gid; fewer bits than allowed are good.
        """
        grant = allowed.get(self.path, "")
        mode, _, owner = self.grant.partition(" ")
        if not mode.isdigit():
            return self.grant == grant
        most, _, wanted = grant.partition(" ")
        if not most.isdigit() or int(mode, 8) & ~int(most, 8):
            return False
        users, groups = zip(owner.split(":"), wanted.split(":"), strict=True)
        set_uid, set_gid = int(mode, 8) & 0o4000, int(mode, 8) & 0o2000
        return (not set_uid or users[0] == users[1]) and (not set_gid or groups[0] == groups[1])


@dataclass(frozen=True)
class Found:
    """What a search of files found."""

    programs: list[Program]
    open: list[str]
    """what everybody may write: files, and directories without the sticky bit"""
    unowned: list[str]
    """what belongs to no account or group of the host"""


def live(host: Any, other_systems: Sequence[str]) -> Found:
    """Search where programs and people's files lie, now."""
    answer = host.run(LIVE.format(search=_search(other_systems)))
    lines = [line.partition(" ") for line in answer.stdout.splitlines()]
    of = {kind: [rest for one, _, rest in lines if one == kind] for kind, _, _ in lines}
    return Found(
        _modes(of.get("privileged", [])) + _capabilities(of.get("capable", [])),
        of.get("open", []),
        of.get("unowned", []),
    )


def listed(host: Any) -> Found:
    """Return what the search of last night found on every disk."""
    return Found(
        _modes(_lines(host, "privileged")) + _capabilities(_lines(host, "capabilities")),
        _lines(host, "open"),
        _lines(host, "unowned"),
    )


def packaged(host: Any, paths: Sequence[str]) -> set[str]:
    """Return those of ``paths`` that a package installed (usr may be merged since)."""
    if not paths:
        return set()
    words = " ".join(shlex.quote(word) for path in paths for word in _names(path))
    text = host.run(f"dpkg-query -S {words} 2>/dev/null").stdout
    lines = [line for line in text.splitlines() if not line.startswith("diversion ")]
    known = {line.partition(": ")[2] for line in lines}
    return {path for path in paths if known & set(_names(path))}


def _names(path: str) -> list[str]:
    return [path, path.removeprefix("/usr")] if path.startswith("/usr/") else [path]


def _search(other_systems: Sequence[str]) -> str:
    pruned = " ".join(f"-path {shlex.quote(path)} -prune -o" for path in other_systems)
    places = " ".join(shlex.quote(place) for place in PLACES)
    return SEARCH.strip().format(places=places, pruned=pruned)


def _lines(host: Any, name: str) -> list[str]:
    return [line for line in host.run("cat -- %s", f"{FOLDER}/{name}").stdout.splitlines() if line]


def _modes(lines: Sequence[str]) -> list[Program]:
    parts = [line.split(" ", 2) for line in lines]
    return [Program(path, f"{mode} {owner}") for mode, owner, path in _whole(parts)]


def _capabilities(lines: Sequence[str]) -> list[Program]:
    parts = [line.rpartition(" ")[::2] for line in lines]
    return [Program(path.removesuffix(" ="), grant) for path, grant in parts]


def _whole(parts: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Keep a line that isn't whole as a program of that name, so that it shows."""
    return [one if len(one) == 3 else ("?", "?:?", " ".join(one)) for one in parts]
