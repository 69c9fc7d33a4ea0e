"""Facts about accounts and groups."""

from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, library


class GroupState(TypedDict):
    """One group that exists."""

    members: list[str]
    """listed in the group's entry"""
    primary: list[str]
    """accounts whose own group it is"""


class AccountsState(TypedDict):
    """What `Accounts` found."""

    groups: dict[str, GroupState]
    """the groups asked for that exist"""
    accounts: list[str]
    """the accounts asked for that exist"""


class Accounts(FactBase[AccountsState]):
    """Who is in some groups, and which of some accounts exist."""

    def command(self, groups: list[str], accounts: list[str]) -> str:
        """Ask for groups and accounts by name."""
        lines = [call("group", name) for name in groups]
        lines += [call("account", name) for name in accounts]
        return library("accounts") + "\n".join(lines)

    @staticmethod
    def default() -> AccountsState:
        """Return a state in which there is none of them."""
        return {"groups": {}, "accounts": []}

    def process(self, output: list[str]) -> AccountsState:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-accounts"):
            match words:
                case ["group", name]:
                    state["groups"][name] = {"members": [], "primary": []}
                case ["member", name, *user]:
                    state["groups"][name]["members"].append(" ".join(user))
                case ["primary", name, *user]:
                    state["groups"][name]["primary"].append(" ".join(user))
                case ["account", name]:
                    state["accounts"].append(name)
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state


class ServiceState(TypedDict):
    """An account of a service: its first entry in passwd, which is the one that counts."""

    entries: int
    """entries of passwd with its name; more than one, and no program of the system changes it"""
    group: str
    """its own group"""
    groups: list[str]
    """the others that it is in"""
    home: str
    shell: str
    comment: str
    authentication: str
    """by password: `locked`, `open`, or `missing`, when shadow has no entry of it"""
    expires: str
    """day since 1970, or empty: never"""


class Service(FactBase[ServiceState | None]):
    """One account of a service; None when there is none with that name."""

    def command(self, account: str) -> str:
        """Ask for an account by name."""
        return library("accounts") + call("service", account)

    @staticmethod
    def default() -> None:
        """Return what stands for no account."""

    def process(self, output: list[str]) -> ServiceState | None:
        """Parse the answer. Raises FactProcessError for anything else."""
        told = {word: " ".join(rest) for word, *rest in answers(output, "ringfence-accounts")}
        if not told:
            return None
        try:
            return {
                "entries": int(told["entries"]),
                "group": told["group"],
                "groups": told["groups"].split(),
                "home": told["home"],
                "shell": told["shell"],
                "comment": told["comment"],
                "authentication": told["authentication"],
                "expires": told["expires"],
            }
        except (KeyError, ValueError) as error:
            raise FactProcessError(f"unexpected answer {told!r}"[:120]) from error
