"""Facts about the accounts of people, of the system, and of nobody that the site knows."""

from collections.abc import Sequence
from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, library


class PeopleState(TypedDict):
    """In what a host's accounts differ from the register. Empty where nothing differs."""

    people: dict[str, list[str]]
    """who is admitted, and what is missing or wrong"""
    leavers: dict[str, list[str]]
    """accounts of ours whose owner isn't admitted (any more), and what they still have"""
    system: list[str]
    """accounts of the system that somebody could log in to, and services with a password"""
    strangers: list[str]
    """accounts outside the register that aren't closed"""
    doubles: list[str]
    """passwd and group, if their entries repeat a name or a number"""


class People(FactBase[PeopleState]):
    """The accounts of a host, held against the register."""

    def command(self, people: Sequence[Sequence[str]], services: list[str], lock_root: bool) -> str:
        """Ask about the people admitted, each told by the words of `person` (scripts/people.sh).

        `services` are the site's accounts that no person owns.
        """
        admitted = [words[0] for words in people]
        lines = [call("person", *words) for words in people]
        lines.append(call("leavers", *admitted, *services))
        lines.append(call("system_accounts", "yes" if lock_root else "no", *services))
        lines.append(call("strangers", *admitted, *services))
        return library("people") + "\n".join([*lines, "doubles"])

    @staticmethod
    def default() -> PeopleState:
        """Return a state in which nothing differs."""
        return {"people": {}, "leavers": {}, "system": [], "strangers": [], "doubles": []}

    def process(self, output: list[str]) -> PeopleState:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-people"):
            match words:
                case ["person", name, *differences]:
                    state["people"][name] = differences
                case ["leaver", name, *ends]:
                    state["leavers"][name] = list(dict.fromkeys(ends))
                case ["system", name]:
                    state["system"].append(name)
                case ["stranger", *name]:
                    state["strangers"].append(" ".join(name))
                case ["double", database, *_]:
                    if database not in state["doubles"]:
                        state["doubles"].append(database)
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state
