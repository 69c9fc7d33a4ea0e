"""What operations tell of themselves: the files and other things that they would change, the units
that they act on.

pyinfra's plan ends an operation at its first command and asks the host as it is now. What restarts
because a file is replaced earlier in the run is in no such plan, so units tell what they wait for.
Nothing is told unless `ringfence.deployment` passed a file for it.
"""

import json
import os
from typing import Any

from pyinfra.context import host, state

from ringfence.operations.environment import EFFECTS

MOST_THINGS = 30
"""How many things of which the same would become are named: a disk may have thousands."""


def would(kind: str, **content: Any) -> None:
    """Tell what an operation would do; nothing is told while operations are executed."""
    if EFFECTS in os.environ and not state.is_executing:
        _tell(kind, content)


def would_change(change: str, *things: str) -> None:
    """Tell what would become of things that are no files of Ringfence's: packages, settings, modes,
    accounts. `change` follows the name: ``removed``, ``438 → 0``. Of many the rest are counted.
    """
    for thing in things[:MOST_THINGS]:
        would("thing", thing=thing, change=change)
    if (more := len(things) - MOST_THINGS) > 0:
        would("thing", thing=f"{more} more", change=change)


def did(verb: str, unit: str) -> None:
    """Tell what was done to a unit, once the command for it has succeeded."""
    if EFFECTS in os.environ and state.is_executing:
        _tell("did", {"verb": verb, "unit": unit})


def _tell(kind: str, content: dict[str, Any]) -> None:
    names = state.op_meta[host.current_op_hash].names if host.current_op_hash else ()
    entry = {"host": host.name, "operation": " / ".join(names), "kind": kind, **content}
    with os.fdopen(int(os.environ[EFFECTS]), "w", closefd=False) as stream:
        stream.write(json.dumps(entry) + "\n")
