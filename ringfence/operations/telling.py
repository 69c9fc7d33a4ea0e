"""What operations tell of themselves: the files and other things that they would change, the units
that they act on.

pyinfra's plan ends an operation at its first command and asks the host as it is now. What restarts
because a file is replaced earlier in the run is in no such plan, so units tell what they wait for.
Nothing is told unless `ringfence.deployment` passed a file for it.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pyinfra.context import host, state

from ringfence.operations.environment import EFFECTS

MOST_THINGS = 30
"""How many things of which the same would become are named: a disk may have thousands."""
MOST_LINES = 5
"""How many lines of a file are told by their number."""


def is_asked() -> bool:
    """Whether somebody listens to what operations would do."""
    return EFFECTS in os.environ and not state.is_executing


def would(kind: str, **content: Any) -> None:
    """Tell what an operation would do; nothing is told while operations are executed."""
    if is_asked():
        _tell(kind, content)


def would_change(change: str, *things: str) -> None:
    """Tell what would become of things that are no files of Ringfence's: packages, settings, modes,
    accounts. `change` follows the name: ``removed``, ``438 → 0``. Of many the rest are counted.
    """
    for thing in things[:MOST_THINGS]:
        would("thing", thing=thing, change=change)
    if (more := len(things) - MOST_THINGS) > 0:
        would("thing", thing=f"{more} more", change=change)


def would_change_each(changes: Iterable[tuple[str, str]]) -> None:
    """Tell what would become of things, to each something else. Of many the rest are counted."""
    told = list(dict.fromkeys(changes))
    for thing, change in told[:MOST_THINGS]:
        would("thing", thing=thing, change=change)
    if (more := len(told) - MOST_THINGS) > 0:
        would("thing", thing=f"{more} more", change="in the same way")


def would_edit(
    files: Mapping[str, Sequence[int | str]],
    one: str = "becomes a comment",
    many: str = "become comments",
) -> None:
    """Tell what would become of lines of others' files, by file and number; never what they say."""
    would_change_each(
        (file, f"{_lines(sorted(map(int, numbers)))} {one if len(numbers) == 1 else many}")
        for file, numbers in files.items()
    )


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number of things in words: `1 rule`, `2 rules`."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def _lines(numbers: Sequence[int]) -> str:
    named = ", ".join(map(str, numbers[:MOST_LINES]))
    if (more := len(numbers) - MOST_LINES) > 0:
        named = f"{named} and {more} more"
    return f"line{'' if len(numbers) == 1 else 's'} {named}"


def did(verb: str, unit: str) -> None:
    """Tell what was done to a unit, once the command for it has succeeded."""
    if EFFECTS in os.environ and state.is_executing:
        _tell("did", {"verb": verb, "unit": unit})


def _tell(kind: str, content: dict[str, Any]) -> None:
    names = state.op_meta[host.current_op_hash].names if host.current_op_hash else ()
    entry = {"host": host.name, "operation": " / ".join(names), "kind": kind, **content}
    with os.fdopen(int(os.environ[EFFECTS]), "w", closefd=False) as stream:
        stream.write(json.dumps(entry) + "\n")
