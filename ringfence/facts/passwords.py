"""Facts about the passwords of a host's own accounts: how each is kept, and how old it is."""

from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, library


class PasswordState(TypedDict):
    """The password of one account. A number is None where the field of shadow(5) is empty."""

    name: str
    uid: int | None
    """None for an entry without an account"""
    scheme: str
    """yescrypt, other, empty (anybody logs in), or none (locked: nobody does)"""
    changed: int | None
    """day of the last change since 1970; 0 means that it must be changed at the next login"""
    longest: int | None
    """days after which it must be changed"""
    warned: int | None
    """days before that"""


class PasswordsState(TypedDict):
    """What `Passwords` found."""

    today: int
    """the host's day since 1970"""
    definitions: dict[str, list[str]]
    """every value of the keys of login.defs asked for"""
    accounts: list[PasswordState]
    files: dict[str, str]
    """mode, owner and group of each path asked for, as `640:root:shadow`, or `absent`"""


class Passwords(FactBase[PasswordsState]):
    """The passwords of the accounts in /etc/shadow, and what login.defs says of new ones."""

    def command(self, definitions: list[str], files: list[str]) -> str:
        """Ask for keys of login.defs and for files, beside all accounts."""
        lines = [call("definition", key) for key in definitions]
        lines += [call("file", path) for path in files]
        return library("passwords") + "\n".join(["clock", *lines, "accounts"])

    @staticmethod
    def default() -> PasswordsState:
        """Return a state without accounts."""
        return {"today": 0, "definitions": {}, "accounts": [], "files": {}}

    def process(self, output: list[str]) -> PasswordsState:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-passwords"):
            match words:
                case ["today", day]:
                    state["today"] = int(day)
                case ["define", key, *value]:
                    state["definitions"].setdefault(key, []).append(" ".join(value))
                case ["file", path, shown]:
                    state["files"][path] = shown
                case ["account", name, uid, scheme, changed, longest, warned]:
                    state["accounts"].append(
                        {
                            "name": name,
                            "uid": _number(uid),
                            "scheme": scheme,
                            "changed": _number(changed),
                            "longest": _number(longest),
                            "warned": _number(warned),
                        }
                    )
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state


def _number(text: str) -> int | None:
    return None if text == "-" else int(text)
