"""Facts about the kernel's audit: its rules and state, auditd, the kernel's line."""

from collections.abc import Iterable, Sequence
from typing import TypedDict

from pyinfra.api.exceptions import FactProcessError
from pyinfra.api.facts import FactBase

from ringfence.facts.shell import answers, call, decoded, library

MARKER = "ringfence-audit"
BY_NUMBER = {"call=452": "call=fchmodat2"}
"""Calls that auditctl of Debian 12 knows by number alone."""


class AuditState(TypedDict):
    """What `Audit` found."""

    container: bool
    """whether the kernel is another's"""
    status: dict[str, str]
    """the kernel's state by its own names: enabled, failure, pid, lost …; empty without auditctl"""
    main_pid: str
    """the process that systemd takes for auditd; 0 when it doesn't run"""
    rules: list[str]
    """the kernel's rules in their order, each as `canonical` writes it"""
    directories: dict[str, bool]
    """the paths asked for that are there: whether each is a directory"""
    lacks: list[str]
    """words that the line of the running kernel hasn't"""
    grub: bool
    """whether the host has GRUB"""
    forgets: list[str]
    """words that GRUB doesn't give some kernel"""
    due: list[str]
    """the reasons for which a reboot is known to be due"""


class Audit(FactBase[AuditState]):
    """What the kernel records now, and will after a boot."""

    def command(
        self,
        paths: Sequence[str] = (),
        words: Sequence[str] = (),
        reasons: Sequence[str] = (),
        rules: bool = False,
    ) -> str:
        """Ask which `paths` are there, for `words` of the kernel's line, for the rules."""
        lines = ["kind", "status"]
        lines += ["rules"] if rules else []
        lines += [call("present", *paths)] if paths else []
        lines += [call("line", *words)] if words else []
        lines += [call("due", *reasons)] if reasons else []
        return library("audit") + "\n".join(lines)

    @staticmethod
    def default() -> AuditState:
        """Return a state in which nothing is known."""
        return {
            "container": False,
            "status": {},
            "main_pid": "0",
            "rules": [],
            "directories": {},
            "lacks": [],
            "grub": False,
            "forgets": [],
            "due": [],
        }

    def process(self, output: list[str]) -> AuditState:
        """Parse the answer. Raises FactProcessError for anything else."""
        state = self.default()
        for words in answers(output, MARKER):
            match words:
                case ["container"]:
                    state["container"] = True
                case ["grub"]:
                    state["grub"] = True
                case ["status", name, *value]:
                    state["status"][name] = " ".join(value)
                case ["main", pid]:
                    state["main_pid"] = pid
                case ["rule", encoded]:
                    state["rules"].append(canonical(decoded(encoded)))
                case ["directory" | "file" as kind, path]:
                    state["directories"][decoded(path)] = kind == "directory"
                case ["lacks" | "forgets" | "due" as what, word]:
                    state[what].append(word)
                case _:
                    raise FactProcessError(f"unexpected answer {' '.join(words)[:80]!r}")
        return state


class Covered(FactBase[bool]):
    """Whether something is mounted over a file, which would hide what it tells."""

    def command(self, path: str) -> str:
        """Ask for it."""
        return library("audit") + call("covered", path)

    @staticmethod
    def default() -> bool:
        """Return that nothing is."""
        return False

    def process(self, output: list[str]) -> bool:
        """Parse the answer."""
        return ["covered"] in answers(output, MARKER)


class OpenRecords(FactBase[dict[str, bool]]):
    """What others than root may read or enter below a directory: path, and whether a directory."""

    def command(self, directory: str) -> str:
        """Ask for it."""
        return library("audit") + call("open_records", directory)

    @staticmethod
    def default() -> dict[str, bool]:
        """Return nothing."""
        return {}

    def process(self, output: list[str]) -> dict[str, bool]:
        """Parse the answer."""
        return {decoded(path): kind == "directory" for kind, path in answers(output, MARKER)}


class LateMounts(FactBase[list[str]]):
    """Those of some mount units that systemd has of local file systems, which a boot may mount
    after it has started auditd unless auditd waits for them."""

    def command(self, units: list[str]) -> str:
        """Ask for `units`."""
        return library("audit") + call("late_mounts", *units)

    @staticmethod
    def default() -> list[str]:
        """Return none."""
        return []

    def process(self, output: list[str]) -> list[str]:
        """Parse the answer."""
        return [decoded(unit) for _, unit in answers(output, MARKER)]


def canonical(line: str) -> str:
    """Return a rule of auditctl(8) as its parts in order, the same for all ways to write it.

    `-w PATH -p wa -k KEY` is what auditctl prints of some rules of a path; a directory's has a
    slash at its end.
    """
    words = line.split()
    found: set[str] = set()
    for option, value in zip(words[::2], words[1::2], strict=False):
        match option:
            case "-a" | "-A":
                found.update(value.split(","))
            case "-w":
                where = f"dir={value.rstrip('/')}" if value.endswith("/") else f"path={value}"
                found.update(("always", "exit", where))
            case "-S":
                found.update(f"call={name}" for name in value.split(",") if name != "all")
            case "-p":
                found.add(_field(f"perm={value}"))
            case "-k":
                found.add(f"key={value}")
            case _:
                found.add(_field(value))
    return " ".join(sorted(BY_NUMBER.get(part, part) for part in found))


def rules_of(lines: Iterable[str]) -> list[str]:
    """Return the rules among the lines of a file of rules, each as `canonical` writes it."""
    return [canonical(line) for line in lines if line.startswith(("-a ", "-A ", "-w "))]


def agree(wanted: Sequence[str], found: Sequence[str]) -> bool:
    """Return whether the kernel has the wanted rules and no other, in their order.

    To a rule that asks for kinds of access (`perm=`) auditctl of Debian 13 adds all calls that may
    be such. The field decides all the same, so that more calls record no more.
    """
    return len(wanted) == len(found) and all(
        one == other or _asks_the_same(set(one.split()), set(other.split()))
        for one, other in zip(wanted, found, strict=True)
    )


def _asks_the_same(wanted: set[str], found: set[str]) -> bool:
    more = found - wanted
    return (
        wanted < found
        and any(part.startswith("perm=") for part in wanted)
        and all(part.startswith("call=") for part in more)
    )


def _field(text: str) -> str:
    text = text.replace("auid!=unset", "auid!=-1").replace("auid!=4294967295", "auid!=-1")
    name, equals, value = text.partition("=")
    return f"perm={''.join(sorted(value))}" if equals and name == "perm" else text
