"""What the running systemd says of every unit of a host, asked once for all who need it.

systemctl(1) fetches all properties of a unit whichever are wanted, so one question for many costs
what one for a few does.
"""

import re
import shlex
from collections.abc import Collection
from typing import Any

KINDS = ("service", "socket", "timer", "path")
FILES = "systemctl list-unit-files --no-legend --no-pager --plain"
"""Of every kind: systemd takes a third of a second to find all of them, whichever are wanted."""
LOADED = f"systemctl list-units --type={','.join(KINDS)} --no-legend --no-pager --plain"
LINKED = (
    "folders=$(systemd-analyze unit-paths) && find $folders -mindepth 2 -maxdepth 2"
    " ! -path '/run/systemd/generator*'"
    " '(' -path '*.wants/*' -o -path '*.requires/*' -o -path '*.upholds/*' ')'"
    " -printf '%f\\n' 2>/dev/null | sort -u"
)
"""What units start others by, in all folders of units (systemd.unit(5)). systemd lists a template,
not the instance of it that starts."""
WANTED = "Id,Names,LoadState,FragmentPath,SourcePath,DropInPaths,LimitCORE"
NAME = re.compile(r"[A-Za-z0-9:_.\\@-]+\.[a-z]+")
"""A unit's name (systemd.unit(5))."""
ASKED = "sed -n 's,^0::,,p' /proc/self/cgroup"
"""The control group of the question itself."""


def files(host: Any, kinds: Collection[str] | None = KINDS) -> dict[str, str]:
    """Return the state of each unit file, by the unit's name: `enabled`, `static`, …

    Of units of some `kinds`, or with None of all.
    """
    found = _states(host, FILES, 1)
    return {
        name: state
        for name, state in found.items()
        if kinds is None or name.rpartition(".")[2] in kinds
    }


def linked(host: Any) -> list[str]:
    """Return the names of the units that another unit starts by a link to them."""
    names = host.check_output(LINKED).splitlines()
    return [name for name in names if name.rpartition(".")[2] in KINDS]


def loaded(host: Any) -> dict[str, str]:
    """Return how active each unit is that systemd has in memory, but the one that asks."""
    own = host.check_output(ASKED).strip().split("/")
    return {name: state for name, state in _states(host, LOADED, 2).items() if name not in own}


def properties(host: Any) -> dict[str, dict[str, str]]:
    """Return what systemd says of each unit, by each of its names.

    A template itself has no properties: under its name stand those of an instance, `NAME@any`. A
    service that a timer starts may be loaded no earlier than by asking.

    Raises:
        LookupError: systemd says nothing of a unit that it has just listed.
    """
    names = sorted({*files(host), *linked(host), *loaded(host)})
    if not names:
        return {}
    words = " ".join(shlex.quote(_instance(name)) for name in names)
    shown = host.check_output(f"systemctl show -p {WANTED} -- {words}")
    by_name = {}
    for block in shown.split("\n\n"):
        values = dict(line.partition("=")[::2] for line in block.splitlines())
        for name in (values.get("Id", ""), *values.get("Names", "").split()):
            by_name[name] = values
    if missing := [name for name in names if _instance(name) not in by_name]:
        raise LookupError(f"systemd lists units and says nothing of them: {' '.join(missing)}")
    return {name: by_name[_instance(name)] for name in names}


def _instance(name: str) -> str:
    return name.replace("@.", "@any.")


def _states(host: Any, command: str, column: int) -> dict[str, str]:
    # A description of several lines, such as the command line of systemd-run, is printed as it is.
    rows = [line.split() for line in host.check_output(command).splitlines()]
    return {row[0]: row[column] for row in rows if len(row) > column and NAME.fullmatch(row[0])}
