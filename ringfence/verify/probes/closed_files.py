"""System files, homes and dot files: who may read or change them, by mode and by access list."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ringfence.verify.probes.access_lists import accounts

PUBLIC = ("/etc/passwd", "/etc/passwd-", "/etc/group", "/etc/group-", "/etc/shells")
SECRET = ("/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-")
OLD_PASSWORDS = ("/etc/security/opasswd", "/etc/security/opasswd.old")
TRUST = ("/etc/hosts.equiv", "/etc/shosts.equiv", "/etc/ssh/shosts.equiv")
TRUST_OF_ACCOUNTS = (".rhosts", ".shosts", ".netrc", ".forward")
NOBODY_ID = 65534

STATUS = "stat -c '%F|%U|%G|%a|%n' -- {paths} 2>/dev/null"
AS_OUTSIDER = """\
if [ "$(id -u)" = 0 ]
then set -- setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
else set -- setpriv --ambient-caps=-all --inh-caps=-all "$@"
fi
"""


@dataclass(frozen=True)
class File:
    """A file or directory as it is: ``mode`` is octal text."""

    path: str
    kind: str
    owner: str
    group: str
    mode: str

    def __str__(self) -> str:
        return f"{self.path} {self.owner}:{self.group} {self.mode}"


@dataclass(frozen=True)
class Home:
    """The home of root, or of an account that a person has."""

    account: str
    path: str


def status(host: Any, paths: Sequence[str]) -> list[File]:
    """Return those of ``paths`` that are there; a link is itself."""
    return _files(host.run(STATUS.format(paths=_words(paths))).stdout)


def access_lists(host: Any, paths: Sequence[str]) -> list[str]:
    """Return those of ``paths`` that have access lists beyond their mode."""
    text = host.run(f"getfacl -sp -- {_words(paths)} 2>/dev/null").stdout
    mark = "# file: "
    return [line.removeprefix(mark) for line in text.splitlines() if line.startswith(mark)]


def knows_access_lists(host: Any) -> str:
    """Return where the tool lies that shows access lists, or an empty text."""
    return str(host.run("command -v getfacl").stdout.strip())


def readable_to_an_outsider(host: Any, paths: Sequence[str]) -> list[str]:
    """Return those of ``paths`` that an account in no group can open, by opening them."""
    tries = 'for path; do (: <"$path") 2>/dev/null && printf "%s\\n" "$path"; done; echo tried'
    script = f'set -- sh -c {shlex.quote(tries)} sh {_words(paths)}\n{AS_OUTSIDER}exec "$@"'
    lines: list[str] = host.check_output(script).splitlines()
    if lines[-1:] != ["tried"]:
        raise ValueError("the attempt to read as an outsider was not made")
    return lines[:-1]


def homes(host: Any) -> list[Home]:
    """Return the homes of root and of the accounts that useradd makes for people."""
    first = host.run("sed -n 's/^UID_MIN[[:space:]]*//p' /etc/login.defs").stdout.split()
    least = int(first[-1]) if first and first[-1].isdigit() else 1000
    return [
        Home(one.name, one.home)
        for one in accounts(host)
        if one.uid == 0 or least <= one.uid < NOBODY_ID
    ]


def trusting_files(host: Any) -> list[str]:
    """Return the files by which the host, or an account of it, trusts others without a question."""
    fields = [line.split(":") for line in host.check_output("getent passwd").splitlines()]
    places = sorted({one[5].rstrip("/") for one in fields if len(one) > 5})
    names = [f"{place}/{name}" for place in places for name in TRUST_OF_ACCOUNTS]
    return sorted({file.path for file in status(host, [*TRUST, *names])})


def _files(text: str) -> list[File]:
    found = [line.split("|", 4) for line in text.splitlines()]
    return [File(path, *rest) for *rest, path in found if len(rest) == 4]


def _words(paths: Sequence[str]) -> str:
    return " ".join(shlex.quote(path) for path in paths)
