"""Facts about permissions: system files, homes, programs with privileges, trees of data."""

from collections.abc import Iterator, Sequence
from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, decoded, library

MARKER = "ringfence-permissions"


class FileState(TypedDict):
    """One regular file that exists."""

    mode: int
    owner: str
    group: str
    extended: bool
    """whether it has an access list beyond its mode"""


class HomeEntry(TypedDict):
    """The home of a person's account, or root's."""

    account: str
    path: str
    mode: int
    owner: str
    extended: bool


class PrivilegedFile(TypedDict):
    """A program that runs with more rights than who starts it."""

    path: str
    grant: str
    """mode and owner (`4755 root:root`), or capabilities (`cap_net_raw=ep`)"""
    package: str
    """what installed it; empty if nothing did"""


class PrivilegesState(TypedDict):
    """What `Privileges` found."""

    programs: list[PrivilegedFile]
    open: list[str]
    """files, and directories without the sticky bit, that everybody may write"""
    unowned: list[str]
    """what belongs to no account or group that the host knows"""


class DataState(TypedDict):
    """One tree of data."""

    kind: str
    """absent, elsewhere (not a plain directory at this path), groupless, or present"""
    wrong: int
    """entries with another owner or group, or open modes"""
    lists: int
    """directories whose access lists let others in, or pass nothing on"""
    files: int
    """files whose access lists let others in"""
    served: bool
    """whether the account that writes may"""


class SystemFiles(FactBase[dict[str, FileState]]):
    """The modes of some regular files; what is none is left out."""

    paths: list[str]

    def command(self, paths: list[str]) -> str:
        """Ask for files by path."""
        self.paths = list(paths)
        lines = [call("system_file", str(number), path) for number, path in enumerate(self.paths)]
        return library("permissions") + "\n".join(lines)

    @staticmethod
    def default() -> dict[str, FileState]:
        """Return a state in which there is none."""
        return {}

    def process(self, output: list[str]) -> dict[str, FileState]:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, MARKER):
            match words:
                case ["file", number, mode, owner, group, lists]:
                    state[self.paths[int(number)]] = {
                        "mode": int(mode, 8),
                        "owner": owner,
                        "group": group,
                        "extended": lists == "extended",
                    }
                case _:
                    raise _unexpected(words)
        return state


class Homes(FactBase[list[HomeEntry]]):
    """The homes of root and of the accounts that people have."""

    def command(self) -> str:
        """Ask for all of them."""
        return library("permissions") + "homes"

    @staticmethod
    def default() -> list[HomeEntry]:
        """Return none."""
        return []

    def process(self, output: list[str]) -> list[HomeEntry]:
        """Parse the answer. Raises FactProcessError for anything else."""
        found = self.default()
        for words in answers(output, MARKER):
            match words:
                case ["home", account, mode, owner, lists, path]:
                    found.append(
                        {
                            "account": account,
                            "path": decoded(path),
                            "mode": int(mode, 8),
                            "owner": owner,
                            "extended": lists == "extended",
                        }
                    )
                case _:
                    raise _unexpected(words)
        return found


class TrustingFiles(FactBase[list[str]]):
    """Files by which accounts trust other hosts, or keep passwords: those that exist."""

    def command(self, names: list[str]) -> str:
        """Ask for absolute paths, and for names in the home of every account."""
        return library("permissions") + call("trusting", *names)

    @staticmethod
    def default() -> list[str]:
        """Return none."""
        return []

    def process(self, output: list[str]) -> list[str]:
        """Parse the answer. Raises FactProcessError for anything else."""
        return sorted({path for _, path in _pairs(output, ("trusting",))})


class Privileges(FactBase[PrivilegesState]):
    """Programs with privileges, and files open to all: of the nightly answer, and found now."""

    def command(self, answer: str, other_systems: Sequence[str] = ()) -> str:
        """Ask with the directory of the nightly answer; `other_systems` are not searched."""
        return library("permissions") + call("privileges", answer, *other_systems)

    @staticmethod
    def default() -> PrivilegesState:
        """Return a state in which there is none."""
        return {"programs": [], "open": [], "unowned": []}

    def process(self, output: list[str]) -> PrivilegesState:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, MARKER):
            match words:
                case ["privileged", package, grant, path]:
                    state["programs"].append(
                        {
                            "path": decoded(path),
                            "grant": decoded(grant),
                            "package": package.removeprefix("-"),
                        }
                    )
                case ["open", path]:
                    state["open"].append(decoded(path))
                case ["unowned", path]:
                    state["unowned"].append(decoded(path))
                case _:
                    raise _unexpected(words)
        return state


class DataTrees(FactBase[dict[str, DataState]]):
    """The state of trees of data, each by one walk over its file system."""

    paths: list[str]

    def command(self, trees: Sequence[Sequence[str]]) -> str:
        """Ask for trees, each as path, group, and the account that writes (or an empty text)."""
        self.paths = [path for path, _, _ in trees]
        lines = [call("data", str(number), *tree) for number, tree in enumerate(trees)]
        return library("permissions") + "\n".join(lines)

    @staticmethod
    def default() -> dict[str, DataState]:
        """Return a state in which there is none."""
        return {}

    def process(self, output: list[str]) -> dict[str, DataState]:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, MARKER):
            match words:
                case ["data", number, kind]:
                    state[self.paths[int(number)]] = _tree(kind)
                case ["data", number, kind, wrong, lists, files, served]:
                    state[self.paths[int(number)]] = {
                        "kind": kind,
                        "wrong": int(wrong),
                        "lists": int(lists),
                        "files": int(files),
                        "served": served == "yes",
                    }
                case _:
                    raise _unexpected(words)
        return state


def _tree(kind: str) -> DataState:
    return {"kind": kind, "wrong": 0, "lists": 0, "files": 0, "served": False}


def _pairs(output: list[str], kinds: Sequence[str]) -> Iterator[tuple[str, str]]:
    for words in answers(output, MARKER):
        if len(words) != 2 or words[0] not in kinds:
            raise _unexpected(words)
        yield words[0], decoded(words[1])


def _unexpected(words: list[str]) -> FactProcessError:
    return FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
