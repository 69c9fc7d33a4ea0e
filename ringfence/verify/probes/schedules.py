"""Who may schedule work with cron and at, and who has."""

from dataclasses import dataclass
from typing import Any

TABLES = "stat -c '%F|%U:%G|%a|%n' /etc/crontab /etc/anacrontab /etc/cron.* 2>/dev/null"
LISTS = ("/etc/cron.allow", "/etc/at.allow", "/etc/cron.deny", "/etc/at.deny")
STATUS = "stat -c '%F|%U:%G|%a|%n' " + " ".join(LISTS) + " 2>/dev/null"
PLANNED = "find /var/spool/cron -type f ! -name .SEQ -printf '%h|%f|%u\\n' 2>/dev/null"


@dataclass(frozen=True)
class Table:
    """A file or directory: kind as stat says it, owner and group, mode in octal digits."""

    kind: str
    owner: str
    mode: str
    path: str

    def __str__(self) -> str:
        return f"{self.path} {self.kind} {self.owner} {self.mode}"


def tables(host: Any) -> list[Table]:
    """Return the system's tables and directories of scripts, those that are there."""
    return [one for one in _tables(host, TABLES) if one.path not in LISTS]


def lists(host: Any) -> dict[str, Table]:
    """Return the lists of those who may and may not schedule, those that are there."""
    return {one.path: one for one in _tables(host, STATUS)}


def names(host: Any, path: str) -> list[str]:
    """Return the accounts that a list names."""
    lines = host.run("cat -- %s", path).stdout.splitlines()
    return [line.strip() for line in lines if line.strip()]


def planners(host: Any) -> list[str]:
    """Return the accounts that have a table of cron's or a job of at's."""
    rows = [line.split("|") for line in host.run(PLANNED).stdout.splitlines()]
    # A table is its name's, whoever owns the file; a job is its owner's.
    return sorted({file if place.endswith("crontabs") else user for place, file, user in rows})


def _tables(host: Any, command: str) -> list[Table]:
    rows = [line.split("|", 3) for line in host.run(command).stdout.splitlines()]
    return [Table(*row) for row in rows if len(row) == 4]
