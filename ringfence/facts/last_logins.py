"""Facts about the record of logins, and about what a password that expired does."""

from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, library


class LastLoginsState(TypedDict):
    """What `LastLogins` found."""

    recorded: bool
    """whether PAM's common session has a module that records logins"""
    profile: str | None
    """SHA-256 of Ringfence's profile for pam-auth-update, if it is there"""
    days: int | None
    """INACTIVE of new accounts (useradd -D); None when it is off"""


class LastLogins(FactBase[LastLoginsState]):
    """Whether logins are recorded, and when accounts with an expired password close."""

    def command(self) -> str:
        """Ask for both."""
        return library("last_logins") + "last_logins"

    @staticmethod
    def default() -> LastLoginsState:
        """Return a state in which nothing is recorded."""
        return {"recorded": False, "profile": None, "days": None}

    def process(self, output: list[str]) -> LastLoginsState:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-last-logins"):
            match words:
                case ["recorded", answer]:
                    state["recorded"] = answer == "yes"
                case ["profile", digest]:
                    state["profile"] = digest
                case ["days", number]:
                    state["days"] = int(number) if number.isdecimal() else None
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state
