"""Which hosts are judged together, in one session of pytest, and how many such groups at a time.

Whoever starts the process that judges (`ringfence.verify.groups`) needs no pytest for that.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

Item = TypeVar("Item")
HOSTS_OF_A_GROUP = 16
"""A host of 150 tests takes about 1.5 MB while it is judged; a group's session has its own cost."""


@dataclass(frozen=True)
class Group:
    """One session of pytest: its arguments, and the file for its output."""

    arguments: list[str]
    log: str


def divided(hosts: Sequence[Item], parallel: int) -> tuple[list[list[Item]], int]:
    """Return the hosts of each group, and how many groups are judged at a time.

    No more than ``parallel`` hosts are in work at any time.
    """
    size = min(HOSTS_OF_A_GROUP, parallel)
    groups = [list(hosts[start : start + size]) for start in range(0, len(hosts), size)]
    return groups, max(1, parallel // size)


def asked(groups: Sequence[Group], at_once: int) -> str:
    """Return what `ringfence.verify.groups` reads on its standard input."""
    return json.dumps({"groups": [asdict(group) for group in groups], "at_once": at_once})
