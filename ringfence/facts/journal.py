"""Facts about the journal: how it is sealed; and about the archive: what is mounted over it."""

import base64
import re
from typing import ClassVar, TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, library

MARKER = "ringfence-journal"
KEY = re.compile(r"[0-9a-f]{6}(-[0-9a-f]{6}){3}/[0-9a-f]+-[0-9a-f]+")
"""A verification key, as `journalctl --setup-keys` prints it (journalctl(1))."""


class SealingState(TypedDict):
    """What `Sealing` found."""

    sealed: bool
    """whether the journal has a sealing key that root alone can read"""
    waiting: bool
    """whether the key that checks the seals still lies on the host"""


class Sealing(FactBase[SealingState]):
    """Whether the journal is sealed; `path` is where a new verification key waits to be fetched."""

    def command(self, path: str) -> str:
        """Ask for it."""
        return library("journal") + call("sealing", path)

    @staticmethod
    def default() -> SealingState:
        """Return the state of a host that nothing is known of."""
        return {"sealed": False, "waiting": False}

    def process(self, output: list[str]) -> SealingState:
        """Parse the answer."""
        words = {line[0] for line in answers(output, MARKER)}
        return {"sealed": "sealed" in words, "waiting": "waiting" in words}


class SealingKey(FactBase[str]):
    """The verification key that waits in the file `path`; empty without one."""

    def command(self, path: str) -> str:
        """Ask for it."""
        return library("journal") + call("sealing_key", path)

    @staticmethod
    def default() -> str:
        """Return none."""
        return ""

    def process(self, output: list[str]) -> str:
        """Parse the answer. Raises FactProcessError, without the text, for anything else."""
        text = "".join(word for line in answers(output, MARKER) for word in line)
        if not KEY.fullmatch(text):
            raise FactProcessError("what waits there is no verification key of a journal")
        return text


class Files(FactBase[list[str]]):
    """Files of the journal: a kind of fact, of which each asks for others."""

    question: ClassVar[str]
    """the function of the script that finds them"""
    word: ClassVar[str]
    """what it puts before each"""

    def command(self) -> str:
        """Ask for them."""
        return library("journal") + self.question

    @staticmethod
    def default() -> list[str]:
        """Return none."""
        return []

    def process(self, output: list[str]) -> list[str]:
        """Parse the answer. Raises FactProcessError for anything else."""
        return _paths(output, self.word)


class InMemory(Files):
    """The files in memory that journald writes the journal to; until it is flushed, that is."""

    question, word = "in_memory", "memory"


class OpenFiles(Files):
    """The files of the journal that others than root and its group may read or change."""

    question, word = "open_files", "open"


class MountsBelow(FactBase[list[str]]):
    """What is mounted below a directory."""

    def command(self, path: str) -> str:
        """Ask for it."""
        return library("journal") + call("mounts_below", path)

    @staticmethod
    def default() -> list[str]:
        """Return none."""
        return []

    def process(self, output: list[str]) -> list[str]:
        """Parse the answer. Raises FactProcessError for anything else."""
        # The kernel writes a space as \040 (proc(5)).
        return [
            re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), point)
            for point in _paths(output, "mount")
        ]


def _paths(output: list[str], kind: str) -> list[str]:
    found = []
    for words in answers(output, MARKER):
        if len(words) != 2 or words[0] != kind:
            raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        found.append(base64.b64decode(words[1]).decode(errors="backslashreplace"))
    return found
