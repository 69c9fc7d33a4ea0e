"""Second factors at ssh: which modules of PAM demand them, and the files that these read.

Of a file only its owner, mode and options are asked for: answers are evidence.
Sources: pam_google_authenticator(8), pam_oath(8), pam_u2f(8).
"""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ringfence.verify.probes.pam_stacks import Entry

MODULES = {
    "pam_google_authenticator": "secret",
    "pam_oath": "usersfile",
    "pam_u2f": "authfile",
}
"""Modules that ask for a second factor, each with the argument that says where it is kept."""
WAYS_ROUND = re.compile(
    r"^(nullok|nouserok|grace_period|allow_readonly|no_strict_owner|alwaysok)(=|$)"
)
"""Arguments with which a module lets people in who have no second factor, or guards it badly."""
IN_HOME = "~/.google_authenticator"
USER = re.compile(r"\$\{USER\}|%u")
OF_USER = re.compile(r"^(?P<folder>/[^$%~]*)/(?:\$\{USER\}|%u)$")
UPWARDS = """\
for path in {paths}; do
    while stat -c '%U %a %n' -- "$path" 2>/dev/null; [ "$path" != / ]; do
        path=$(dirname -- "$path")
    done
done | sort -u"""
OPTIONS = """\
find {folder} -mindepth 1 -maxdepth 1 -printf '%f\\n' 2>/dev/null | sort |
    while IFS= read -r name; do
        printf '=%s\\n' "$name"
        grep -a '^" ' -- {folder}/"$name"
    done"""


@dataclass(frozen=True)
class SecondFactor:
    """The options of one account's second factor."""

    account: str
    options: dict[str, list[str]]
    """option to its words"""

    @property
    def window(self) -> int:
        """How many codes are good at one time: WINDOW_SIZE, of which 3 is the module's own."""
        return int((self.options.get("WINDOW_SIZE") or ["3"])[0])

    @property
    def attempts_a_minute(self) -> float:
        """How many codes a minute may be tried; endless without RATE_LIMIT."""
        words = self.options.get("RATE_LIMIT", [])
        return 60 * int(words[0]) / int(words[1]) if len(words) > 1 else float("inf")

    @property
    def codes_work_once(self) -> bool:
        """Whether a code that was used is refused."""
        return "DISALLOW_REUSE" in self.options


def demanding(entries: Sequence[Entry]) -> list[Entry]:
    """Return the modules of a stack that ask for a second factor."""
    return [entry for entry in entries if entry.module in MODULES]


def ways_round(modules: Sequence[Entry]) -> list[str]:
    """Return the arguments that take away from what the modules demand."""
    return [word for entry in modules for word in entry.arguments if WAYS_ROUND.match(word)]


def places(modules: Sequence[Entry]) -> list[str]:
    """Return where the modules keep second factors, as their arguments write it."""
    found = []
    for entry in modules:
        wanted = MODULES[entry.module]
        named = dict(word.partition("=")[::2] for word in entry.arguments)
        found.append(named.get(wanted, IN_HOME))
    return found


def folders(modules: Sequence[Entry]) -> list[str]:
    """Return the folders that hold a file for each account, or the one file of all."""
    found = []
    for place in places(modules):
        of_user = OF_USER.match(place)
        found.append(of_user["folder"] if of_user else place)
    return list(dict.fromkeys(found))


def owners_and_modes(host: Any, paths: Sequence[str]) -> list[str]:
    """Return ``owner mode path`` of what lies in some folders, and of all the way up to them."""
    words = " ".join(f"{shlex.quote(path)} {shlex.quote(path)}/*" for path in paths)
    found: list[str] = host.check_output(UPWARDS.replace("{paths}", words)).splitlines()
    return found


def second_factors(host: Any, folder: str) -> list[SecondFactor]:
    """Return the second factors in a folder with a file for each account."""
    text = host.check_output(OPTIONS.replace("{folder}", shlex.quote(folder)))
    found = []
    for part in f"\n{text}".split("\n=")[1:]:
        name, *lines = part.splitlines()
        words = [line[2:].split() for line in lines]
        found.append(SecondFactor(name, {first: rest for first, *rest in filter(None, words)}))
    return found
