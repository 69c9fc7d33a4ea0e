"""Facts about PAM: whether the common stacks are what pam-auth-update makes of some profiles."""

from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, library


class CommonStacksState(TypedDict):
    """What `CommonStacks` found."""

    absent: list[str]
    """profiles that aren't on the host"""
    differing: list[str]
    """kinds of stack (auth, password …) that differ from what pam-auth-update would write"""
    edited: list[str]
    """those that somebody edited since it last wrote them"""


class CommonStacks(FactBase[CommonStacksState]):
    """How the stacks in /etc/pam.d/common-* differ from what pam-auth-update makes of profiles."""

    def command(self, wanted: list[str], unwanted: str) -> str:
        """Ask for the profiles in force and those `wanted`, without the one that is `unwanted`."""
        return library("pam") + f"echo ringfence-pam\n{call('common_stacks', unwanted, *wanted)}"

    @staticmethod
    def default() -> CommonStacksState:
        """Return a state in which nothing is known to differ."""
        return {"absent": [], "differing": [], "edited": []}

    def process(self, output: list[str]) -> CommonStacksState:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-pam"):
            match words:
                case ["absent", profile]:
                    state["absent"].append(profile)
                case ["differs", kind]:
                    state["differing"].append(kind)
                case ["edited", kind]:
                    state["edited"].append(kind)
                case ["same", _] | ["uncomposed"]:
                    pass
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state
