"""What the operations share: refusing what no command may be given, and assembling commands."""

import re
from functools import cache
from pathlib import Path

from pyinfra.api.exceptions import OperationValueError

from ringfence.facts.shell import without_comments

SCRIPTS = Path(__file__).parent / "scripts"


@cache
def library(name: str) -> str:
    """Return the shell functions of an operation: `scripts/<name>.sh` without its comments."""
    return without_comments((SCRIPTS / f"{name}.sh").read_text())


def plain(value: str, what: str) -> str:
    """Return a value that may stand in a command: not empty, not an option, on one line.

    Raises OperationValueError, which names the value: secrets are never arguments.
    """
    if not isinstance(value, str) or not value:
        raise OperationValueError(f"{what} must be a text that isn't empty, not {value!r}")
    if value.startswith("-"):
        raise OperationValueError(
            f"{what} {value!r} begins with -, which a command reads as an option"
        )
    if not value.isprintable():
        raise OperationValueError(f"{what} {value!r} has a line break or a control character")
    return value


def absolute(path: str) -> str:
    """Return a path that is absolute and names one place. Raises OperationValueError otherwise."""
    plain(path, "the path")
    if not path.startswith("/") or path == "/" or "//" in path or path.endswith("/"):
        raise OperationValueError(
            f"the path {path!r} must be absolute, without // and a / at its end"
        )
    if {".", ".."}.intersection(path.split("/")):
        raise OperationValueError(f"the path {path!r} must not go through . or ..")
    return path


def octal(mode: str) -> str:
    """Return a mode of four octal digits. Raises OperationValueError otherwise."""
    if not re.fullmatch(r"[0-7]{4}", mode):
        raise OperationValueError(f"the mode {mode!r} must be four octal digits, such as '0644'")
    return mode


def named(value: str, what: str) -> str:
    """Return a name of a user, group, package or unit. Raises OperationValueError otherwise."""
    plain(value, what)
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.+:@\\-]*", value):
        raise OperationValueError(f"{what} {value!r} has characters that no such name has")
    return value
