"""Names in a host's folder that are not closed files: open days, and what a run leaves."""

import re
from datetime import date

OPEN = re.compile(r"(\d{4}-\d\d-\d\d)\.jsonl")
REST = re.compile(r"\.\d{4}-\d\d-\d\d(?:\.\d+)?\.jsonl(?:\.zst\.part|\.closed)")


def open_day(name: str) -> date | None:
    """Return the day whose records a file takes; None for any other file."""
    found = OPEN.fullmatch(name)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def rest_of_a_run(name: str) -> bool:
    """Tell whether the collector's job makes a file of this name while it works."""
    return REST.fullmatch(name) is not None
