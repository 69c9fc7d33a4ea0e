"""The passwords of a host's accounts: how each is kept and how old it is, never the hash."""

from dataclasses import dataclass
from typing import Any

from ringfence.verify.probes.access_lists import accounts

FIRST_PERSON, LAST_PERSON = 1000, 59999
"""UIDs of people (Debian Policy 9.2.2)."""
READ = r"""getent shadow | sed -E '
s/^([^:]*):(\$[a-z0-9]+\$)[^:]*/\1:\2/; t
s/^([^:]*):([!*])[^:]*/\1:\2/; t
s/^([^:]*):[^:]+/\1:des/'"""
"""Of the hash only its scheme leaves the host."""


@dataclass(frozen=True)
class Password:
    """One account's password; numbers are days, None where the field of shadow(5) is empty."""

    account: str
    scheme: str
    """`$y$`, `$6$`, des … ; `!` or `*` for no password; empty for one that is empty"""
    changed: int | None
    longest: int | None
    warned: int | None

    @property
    def is_set(self) -> bool:
        """Whether somebody may log in with it."""
        return self.scheme[:1] not in ("!", "*")

    @property
    def must_be_changed(self) -> bool:
        """Whether the next login with it begins with a change."""
        return self.changed == 0

    @property
    def ages(self) -> bool:
        """Whether it ends some day (shadow(5))."""
        return self.longest is not None and 0 <= self.longest < 99999


def passwords(host: Any) -> list[Password]:
    """Return the passwords of all accounts of a host."""
    found = []
    for line in host.check_output(READ).splitlines():
        name, scheme, changed, _, longest, warned, *_ = line.split(":")
        found.append(Password(name, scheme, _days(changed), _days(longest), _days(warned)))
    return found


def people(host: Any) -> set[str]:
    """Return the accounts of people, by their UIDs."""
    return {one.name for one in accounts(host) if FIRST_PERSON <= one.uid <= LAST_PERSON}


def today(host: Any) -> int:
    """Return the host's day since 1970."""
    return int(host.check_output("date +%s")) // 86400


def definition(host: Any, key: str) -> set[str]:
    """Return every value that a key of login.defs has."""
    lines = host.run("sed 's/#.*//' /etc/login.defs").stdout.splitlines()
    words = [line.split() for line in lines]
    return {" ".join(word[1:]).strip('"') for word in words if word[:1] == [key]}


def _days(text: str) -> int | None:
    return int(text) if text.strip() else None
