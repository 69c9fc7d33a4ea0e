"""Facts about second factors: files that pam_google_authenticator reads and writes."""

import base64
import stat
from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.files import TYPES
from ringfence.facts.shell import answers, call, library


class FileState(TypedDict):
    """A file or directory that exists: type, four octal digits, owner and group."""

    type: str
    mode: str
    owner: str
    group: str


class FactorState(FileState):
    """One second factor that exists. The digests tell nothing of it to who doesn't have it."""

    key: str
    """SHA-256 of the key"""
    options: list[str]
    """without what the module itself adds to them"""
    codes: list[str]
    """SHA-256 of the key, a space and each recovery code that is left"""


class SecondFactorsState(TypedDict):
    """What `SecondFactors` found."""

    directory: FileState | None
    members: list[str]
    factors: dict[str, FactorState | None]
    """by account; None where there is none"""


class SecondFactors(FactBase[SecondFactorsState]):
    """The second factors of some accounts, and what else is in their directory."""

    accounts: list[str]

    def command(self, place: str, accounts: list[str]) -> str:
        """Ask for the files of accounts in a directory."""
        self.accounts = list(accounts)
        lines = [call("directory", place)]
        for number, account in enumerate(self.accounts):
            lines.append(call("factor", str(number), f"{place}/{account}"))
        return library("second_factors") + "\n".join(lines)

    @staticmethod
    def default() -> SecondFactorsState:
        """Return a state in which there is nothing."""
        return {"directory": None, "members": [], "factors": {}}

    def process(self, output: list[str]) -> SecondFactorsState:
        """Parse the answer. Raises FactProcessError for anything else, which it doesn't repeat."""
        state = self.default()
        for words in answers(output, "ringfence-second-factors"):
            try:
                self._take(words, state)
            except (ValueError, IndexError, TypeError) as error:
                raise FactProcessError("unexpected answer about second factors") from error
        return state

    def _take(self, words: list[str], state: SecondFactorsState) -> None:
        match words:
            case ["directory", "absent"]:
                state["directory"] = None
            case ["directory", mode, owner, group]:
                state["directory"] = _file(mode, owner, group)
            case ["members", *encoded]:
                names = base64.b64decode("".join(encoded)).split(b"\0")
                state["members"] = sorted(n.decode(errors="backslashreplace") for n in names if n)
            case ["factor", number, "absent"]:
                state["factors"][self.accounts[int(number)]] = None
            case ["factor", number, mode, owner, group]:
                about = _file(mode, owner, group)
                found: FactorState = {**about, "key": "", "options": [], "codes": []}
                state["factors"][self.accounts[int(number)]] = found
            case ["key", number, digest]:
                self._factor(number, state)["key"] = digest
            case ["option", number, *option]:
                self._factor(number, state)["options"].append(" ".join(option).strip())
            case ["code", number, digest]:
                self._factor(number, state)["codes"].append(digest)
            case _:
                raise ValueError

    def _factor(self, number: str, state: SecondFactorsState) -> FactorState:
        found = state["factors"][self.accounts[int(number)]]
        if found is None:
            raise ValueError
        return found


def _file(mode: str, owner: str, group: str) -> FileState:
    bits = int(mode, 16)
    return {
        "type": TYPES.get(stat.S_IFMT(bits), "other"),
        "mode": f"{stat.S_IMODE(bits):04o}",
        "owner": owner,
        "group": group,
    }
