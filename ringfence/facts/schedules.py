"""Facts about work that is scheduled with cron and at."""

from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, decoded, library


class AllowedList(TypedDict):
    """The file that names those who may use a program."""

    mode: str
    owner: str
    group: str
    accounts: list[str]


class SchedulesState(TypedDict):
    """What `Schedules` found."""

    open: list[str]
    """system-wide tables and directories that others than root can read or change"""
    lists: dict[str, AllowedList]
    """of `cron` and `at`, where there is one"""
    denied: list[str]
    """`cron` or `at` where a list of those who may not stands beside it"""
    crontab_group: str
    """the group by which crontab reads its list"""
    planned: list[tuple[str, str]]
    """account and path of each table and job"""


class Schedules(FactBase[SchedulesState]):
    """Who may schedule work, and who has."""

    def command(self) -> str:
        """Ask for all of it."""
        return library("schedules") + "open\nlists\nplanned"

    @staticmethod
    def default() -> SchedulesState:
        """Return a state in which there is nothing."""
        return {"open": [], "lists": {}, "denied": [], "crontab_group": "root", "planned": []}

    def process(self, output: list[str]) -> SchedulesState:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-schedules"):
            match words:
                case ["open", path]:
                    state["open"].append(decoded(path))
                case ["list", program, mode, owner, group, *content]:
                    state["lists"][program] = {
                        "mode": mode,
                        "owner": owner,
                        "group": group,
                        "accounts": decoded("".join(content)).split(),
                    }
                case ["deny", program]:
                    state["denied"].append(program)
                case ["group", group]:
                    state["crontab_group"] = group
                case ["planned", account, path]:
                    state["planned"].append((decoded(account), decoded(path)))
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state
