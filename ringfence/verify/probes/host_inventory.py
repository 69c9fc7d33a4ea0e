"""The inventory that a host keeps of itself, as its newest files say."""

import json
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from ringfence.verify.probes import units

FOLDER = "/var/lib/ringfence/inventory/latest"
FILES = (
    "packages.tsv",
    "units.txt",
    "kernel",
    "os-release",
    "listeners.txt",
    "taken-at",
)
TIMERS = "*inventory*.timer"


@dataclass(frozen=True)
class Timer:
    """A timer, such as that of the inventory: whether it starts at boot, runs, when it is due."""

    unit: str
    enabled: str
    active: str
    seconds_to_next: float | None
    last_result: str


def read(host: Any, name: str, folder: str = FOLDER) -> list[str]:
    """Return the lines of one file of the inventory; none when it is missing."""
    answer = host.run("cat -- %s", f"{folder}/{name}")
    lines: list[str] = answer.stdout.splitlines()
    return lines


def owner_and_mode(host: Any, name: str, folder: str = FOLDER) -> str:
    """Return kind, owner and mode of one file of the inventory: ``regular file root:root 600``."""
    path = f"{folder}/{name}".rstrip("/")
    answer = host.run("stat -L -c '%%F %%U:%%G %%a' -- %s", path)
    return str(answer.stdout.strip() or "missing")


def hours_since(host: Any, moment: str) -> float:
    """Return the hours between ``moment`` (ISO 8601 with zone, or epoch) and the host's clock.

    Raises:
        ValueError: the text is no moment.
    """
    now = float(host.check_output("date +%s"))
    seconds = float(moment) if moment.isdecimal() else _epoch(moment)
    return round((now - seconds) / 3600, 1)


def hours_since_written(host: Any, name: str, folder: str = FOLDER) -> float:
    """Return the hours since one file of the inventory was written."""
    return hours_since(host, host.check_output("stat -L -c %%Y -- %s", f"{folder}/{name}"))


def timers(host: Any, pattern: str = TIMERS) -> list[Timer]:
    """Return every timer of the host whose name, by a pattern, says what it does."""
    names = units.files(host, ["timer"])
    return [_timer(host, name) for name in names if fnmatchcase(name, pattern)]


def _timer(host: Any, unit: str) -> Timer:
    shown = _properties(host, unit, "UnitFileState", "ActiveState", "Unit")
    due = json.loads(host.check_output("systemctl list-timers --all -o json %s", unit))
    now = float(host.check_output("date +%s"))
    following = [entry["next"] / 1e6 - now for entry in due if entry.get("next")]
    return Timer(
        unit,
        shown["UnitFileState"],
        shown["ActiveState"],
        min(following, default=None),
        _properties(host, shown["Unit"], "Result")["Result"],
    )


def _properties(host: Any, unit: str, *names: str) -> dict[str, str]:
    text = host.check_output("systemctl show %s " + " ".join(f"-p {name}" for name in names), unit)
    found = dict(line.partition("=")[::2] for line in text.splitlines())
    return {name: found.get(name, "") for name in names}


def _epoch(moment: str) -> float:
    parsed = datetime.fromisoformat(moment)
    if parsed.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone")
    return parsed.timestamp()
