"""Facts about where a host's packages come from."""

from collections.abc import Sequence
from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, decoded, library


class Entry(TypedDict):
    """A line of a `.list` file, or a stanza of a `.sources` file (sources.list(5))."""

    file: str
    first: int
    last: int
    """its lines, from 1"""
    text: str
    """without comments"""


class RepositoriesState(TypedDict):
    """What `Repositories` found."""

    entries: list[Entry]
    loose: list[tuple[str, int]]
    """file and number of each line of apt's settings that lets it do without signatures"""
    keys: list[str]
    """files with keys that count for every source, and that no package brought"""
    open: list[str]
    """files of keys by which sources are signed, and that others than root may write"""


class Repositories(FactBase[RepositoriesState]):
    """The sources of packages, and what apt is told of signatures."""

    def command(self, signing: Sequence[str]) -> str:
        """Ask for all of it, and for the rights of the key files that sign."""
        return library("repositories") + "sources\nloose\nkeys\n" + call("open_keys", *signing)

    @staticmethod
    def default() -> RepositoriesState:
        """Return a host without sources."""
        return {"entries": [], "loose": [], "keys": [], "open": []}

    def process(self, output: list[str]) -> RepositoriesState:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, "ringfence-repositories"):
            match words:
                case ["entry", path, first, last, text]:
                    entry: Entry = {
                        "file": decoded(path),
                        "first": int(first),
                        "last": int(last),
                        "text": decoded(text),
                    }
                    state["entries"].append(entry)
                case ["loose", path, number]:
                    state["loose"].append((decoded(path), int(number)))
                case ["key", path]:
                    state["keys"].append(decoded(path))
                case ["open", path]:
                    state["open"].append(decoded(path))
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state
