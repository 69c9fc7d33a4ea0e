"""What the facts share: the shell library of each, and the quoting of what a caller passes."""

import base64
import shlex
from collections.abc import Iterable
from functools import cache
from pathlib import Path

SCRIPTS = Path(__file__).parent / "scripts"


@cache
def library(name: str) -> str:
    """Return the shell functions of a fact: `scripts/<name>.sh` without its comments.

    Before them stands `coded.sh` where they use it.
    """
    script = (SCRIPTS / f"{name}.sh").read_text()
    shared = (SCRIPTS / "coded.sh").read_text() if "$(coded " in script else ""
    return without_comments(shared + script)


def without_comments(script: str) -> str:
    """Drop whole-line comments: what is sent to a host ends in its sudo log."""
    lines = script.splitlines(keepends=True)
    return "".join(line for line in lines if not line.lstrip().startswith("#"))


def call(*words: str) -> str:
    """Return one line of shell in which every word is quoted."""
    return shlex.join(words)


OF_THE_MOMENT = ": of the moment; "
"""How commands begin whose answers are never the same, and on which no plan depends."""


def answers(output: Iterable[str], marker: str) -> list[list[str]]:
    """Return the words of the lines after the marker; what a shell prints before it is noise."""
    lines = [line.strip() for line in output]
    if marker not in lines:
        return []
    return [line.split(" ") for line in lines[lines.index(marker) + 1 :]]


def decoded(text: str) -> str:
    """Return what `coded` of `coded.sh` was given. Raises ValueError when it can't be that."""
    if text.startswith("="):
        return text[1:].replace("\\", " ")
    return base64.b64decode(text).decode(errors="backslashreplace")
