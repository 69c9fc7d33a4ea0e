"""What is wrong in a site's files: one sentence each, with the place where it stands."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ringfence.errors import UsageError

Path = tuple[str | int, ...]
"""The way to a value inside a file: `("hosts", "pbx1", "groups", 0)`."""

LONGEST_VALUE = 60
MOST_LISTED = 100
MOST_COMPARED = 1000
HIDDEN = "(not shown)"

SECRET_TEXT = re.compile(
    r"PRIVATE KEY|AGE-SECRET-KEY-|BEGIN [A-Z ]*KEY|openssh-key-v1|b3BlbnNzaC1rZXk"
)
SECRET_NAME = re.compile(r"passw|secret|token|passphrase|psk|pin\b", re.IGNORECASE)


@dataclass(frozen=True)
class Problem:
    """One thing to put right: file, line and column (from 1), dotted key, value shown, sentence."""

    file: str
    line: int
    column: int
    key: str
    value: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}"
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class SiteError(UsageError):
    """A site's files are wrong; `problems` holds everything that was found, in the files' order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        lines = [str(problem) for problem in self.problems[:MOST_LISTED]]
        if len(self.problems) > MOST_LISTED:
            lines.append(f"… and {len(self.problems) - MOST_LISTED} problems more")
        super().__init__("\n".join(lines))


def dotted(path: Path) -> str:
    """Write a path as people do: `hosts.pbx1.groups[0]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            name = step if re.fullmatch(r"[\w.-]{1,64}", step) else shown(step)
            text += f".{name}" if text else name
    return text


def shown(value: Any, path: Path = ()) -> str:
    """Show a value in a message: short, printable, and never a secret."""
    if path and isinstance(path[-1], str) and SECRET_NAME.search(path[-1]):
        return HIDDEN
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if SECRET_TEXT.search(text):
        return HIDDEN
    if len(text) > LONGEST_VALUE:
        text = text[: LONGEST_VALUE - 1] + "…"
    return repr(text) if isinstance(value, str) else text


def nearest(name: object, names: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` when one of the names is near, else an empty text."""
    wanted = str(name)[:200]
    similar = [other for other in names if abs(len(other) - len(wanted)) <= len(wanted) // 2 + 1]
    candidates = sorted(similar)[:MOST_COMPARED]
    for spelling in dict.fromkeys((wanted, wanted.lower())):
        if found := difflib.get_close_matches(spelling, candidates, n=1):
            return f"; did you mean '{found[0]}'?"
    return ""


def one_of(names: Iterable[str]) -> str:
    """List names for a sentence: `bastion, pbx, database`, or `(none yet)`."""
    return ", ".join(names) or "(none yet)"
