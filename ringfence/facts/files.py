"""Facts about trees of files."""

import base64
import stat
from typing import Any, TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, library

TYPES = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "link",
}


class Entry(TypedDict):
    """One path on a host."""

    type: str
    """file, directory, link, or other"""
    mode: str
    """four octal digits"""
    owner: str
    group: str
    sha256: str | None
    """of a regular file that can be read"""


class TreeState(TypedDict):
    """What `Tree` found."""

    entries: dict[str, Entry | None]
    """each path asked for; None where nothing is"""
    members: dict[str, list[str]]
    """the names in each directory asked for that exists"""
    leftovers: bool
    """whether an interrupted run left its stage beside a path"""


class Tree(FactBase[TreeState]):
    """The state of many paths, and the members of some directories, in one command."""

    paths: list[str]
    directories: list[str]

    def command(self, paths: list[str], directories: list[str] | None = None) -> str:
        """Ask for `paths` (any type) and for the members of `directories`."""
        self.paths, self.directories = list(paths), list(directories or [])
        lines = [call("describe", *self.paths)] if self.paths else []
        lines += [call("members", str(i), path) for i, path in enumerate(self.directories)]
        lines += [call("leftovers", place) for place in places(self.paths)]
        return library("tree") + "\n".join(lines)

    @staticmethod
    def default() -> TreeState:
        """Return a state in which nothing exists."""
        return {"entries": {}, "members": {}, "leftovers": False}

    def process(self, output: list[str]) -> TreeState:
        """Parse the lines of `scripts/tree.sh`. Raises FactProcessError for anything else."""
        state: TreeState = {"entries": {}, "members": {}, "leftovers": False}
        for words in answers(output, "ringfence-tree"):
            try:
                self._take(words, state)
            except (ValueError, IndexError) as error:
                raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}") from error
        return state

    def _take(self, words: list[str], state: TreeState) -> None:
        match words:
            case ["entry", number, "absent"]:
                state["entries"][self.paths[int(number)]] = None
            case ["entry", number, mode, owner, group, digest]:
                state["entries"][self.paths[int(number)]] = _entry(mode, owner, group, digest)
            case ["members", number, *names]:
                state["members"][self.directories[int(number)]] = _names("".join(names))
            case ["leftover"]:
                state["leftovers"] = True
            case _:
                raise ValueError(words)


class Closed(FactBase[bool]):
    """Whether a file that others write to is a regular one of root's, which nobody else reads.

    Of its size and times nothing is asked: a log's never stay the same, and a host whose answers do
    is asked in one round trip (`ringfence.unchanged`).
    """

    def command(self, path: str) -> str:
        """Ask about one file."""
        return call("stat", "--format", "%F %a %U %G", "--", path) + " 2>/dev/null || echo absent"

    @staticmethod
    def default() -> bool:
        """Return what stands for no answer."""
        return False

    def process(self, output: list[str]) -> bool:
        """Compare the answer."""
        return output[-1:] in (["regular file 600 root root"], ["regular empty file 600 root root"])


def places(paths: list[str]) -> list[str]:
    """Return the directories in which the stages of these paths lie, each once, in order."""
    return list(dict.fromkeys(path.rpartition("/")[0] for path in paths))


def _entry(mode: str, owner: str, group: str, digest: str) -> Entry:
    bits = int(mode, 16)
    return {
        "type": TYPES.get(stat.S_IFMT(bits), "other"),
        "mode": f"{stat.S_IMODE(bits):04o}",
        "owner": owner,
        "group": group,
        "sha256": digest if len(digest) == 64 else None,
    }


def _names(encoded: str) -> list[str]:
    raw: Any = base64.b64decode(encoded)
    return sorted(name.decode(errors="backslashreplace") for name in raw.split(b"\0") if name)
