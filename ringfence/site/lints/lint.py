"""What a lint is: one function that looks at a whole site and yields what fights in it.

A lint that refuses a site stops every command, `verify` too. So it never depends on the day: the
night after a key ended, every host must still be judged.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from ringfence.site.access import admitted
from ringfence.site.document import Document
from ringfence.site.hosts import Host
from ringfence.site.problems import Path, Problem
from ringfence.site.site import Site

SOON_DAYS = 30
"""How long before its last day a lint tells of the last key, or person, of its kind."""

MOST_NAMED = 4
"""Names that a sentence lists before it counts the rest."""


@dataclass(frozen=True)
class Subject:
    """A sound site, with the places of its values, on a day."""

    site: Site
    hosts_yml: Document
    policy_yml: Document
    today: date

    def in_hosts(self, path: Path, message: str, *, key: bool = False) -> Problem:
        """Make a problem of hosts.yml."""
        return self.hosts_yml.problem(path, message, key=key)

    def in_policy(self, path: Path, message: str, *, key: bool = False) -> Problem:
        """Make a problem of policy.yml; where nothing stands at `path`, of what is around it."""
        return self.policy_yml.problem(path, message, key=key)

    def settings(self, role: str) -> Any:
        """Return the settings of a role; None in a house where it has none."""
        try:
            return self.site.policy.role(role)
        except KeyError:
            return None

    def hosts_with(self, role: str) -> list[Host]:
        """Return the hosts that get a role; none in a house where it has no settings."""
        if self.settings(role) is None:
            return []
        house = self.site.house
        return [host for host in self.site.hosts.values() if role in house.roles_for(host.groups)]

    @cached_property
    def is_a_lab(self) -> bool:
        """Whether it can be played in the lab, whose network has nothing outside to reach."""
        return (self.site.path / "lab.yml").is_file()

    def admitted(self, host: Host) -> list[str]:
        """Return the people to whom `access` opens a host on the day."""
        return admitted(self.site.policy, host, self.today)

    def is_soon(self, day: date) -> bool:
        """Whether a last day is near, and not past: what is past is told of each key."""
        return 0 <= (day - self.today).days <= SOON_DAYS


Judge = Callable[[Subject], Iterator[Problem]]


@dataclass(frozen=True)
class Lint:
    """One thing that is told of a site: `says` in a sentence, and `why` it matters."""

    judge: Judge
    refuses: bool
    """Whether the site is refused; else it is warned of."""

    @property
    def name(self) -> str:
        """The function's name, as a message ends with it: `no-time-source`."""
        return self.judge.__name__.replace("_", "-")

    @property
    def says(self) -> str:
        """The first paragraph of the function's description."""
        return _paragraphs(self.judge)[0]

    @property
    def why(self) -> str:
        """The rest of it."""
        return " ".join(_paragraphs(self.judge)[1:])


def refuses(judge: Judge) -> Lint:
    """Make a lint of a function: it refuses what would surely break, or breaks the law."""
    return Lint(judge, refuses=True)


def warns(judge: Judge) -> Lint:
    """Make a lint of a function: it warns."""
    return Lint(judge, refuses=False)


def listed(names: list[str]) -> str:
    """List names for a sentence: `a`, `a and b`, `a, b, c, d and 3 more`."""
    if len(names) > MOST_NAMED + 1:
        return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _paragraphs(judge: Judge) -> list[str]:
    text = (judge.__doc__ or "").strip().split("\n\n")
    return [" ".join(paragraph.split()) for paragraph in text]
