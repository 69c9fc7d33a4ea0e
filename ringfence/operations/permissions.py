"""Permissions: rights are taken away from files, and never more than that."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.permissions import (
    DataState,
    DataTrees,
    FileState,
    HomeEntry,
    Homes,
    PrivilegedFile,
    Privileges,
    SystemFiles,
    TrustingFiles,
)
from ringfence.facts.shell import call
from ringfence.operations.shell import absolute, library, named, octal, plain
from ringfence.operations.telling import would, would_change, would_change_each

SUDO = "/usr/bin/sudo"
"""What this run becomes root with keeps its privileges, whatever else is said of it."""


@dataclass(frozen=True, kw_only=True)
class SystemFile:
    """A regular file that may have no more rights than these, if it is there."""

    path: str
    mode: str
    groups: Sequence[str] = ("root",)
    """the groups that it may belong to; the first is set where it has another"""


@dataclass(frozen=True, kw_only=True)
class DataTree:
    """A directory of data: everything in it is root's or the writer's, and the group may read."""

    path: str
    group: str
    writer: str = ""
    """the account that writes; empty for none"""


@operation()
def system_files(files: list[SystemFile]) -> Generator[StringCommand, None, None]:
    """Ensure that files are root's, with no more rights than declared and no access lists."""
    for file in files:
        absolute(file.path)
        octal(file.mode)
        for group in file.groups:
            named(group, "the group")
    state = host.get_fact(SystemFiles, paths=[file.path for file in files])
    lines, told = [], []
    for file in files:
        if line := _system_file(file, state.get(file.path)):
            lines.append(line)
            told.append((file.path, f"root's, with no more than {file.mode}"))
    would_change_each(told)
    if lines:
        yield _script(lines)
    else:
        host.noop(f"{len(state)} files have no more rights than declared")


@operation()
def homes() -> Generator[StringCommand, None, None]:
    """Ensure that the homes of root and of people are their own, and closed to everybody else.

    A home that several accounts share belongs to one of them. Homes by way of a link, and those
    that are directories of the system, are left alone.
    """
    found = host.get_fact(Homes)
    lines, told = [], []
    for home in found:
        if _is_of_the_system(home["path"]):
            continue
        owners = [other["account"] for other in found if other["path"] == home["path"]]
        if line := _home(home, owners):
            lines.append(line)
            told.append((home["path"], f"{owners[0]}'s alone"))
    would_change_each(told)
    if lines:
        yield _script(list(dict.fromkeys(lines)))
    else:
        host.noop("the homes are closed to others")


@operation()
def no_trusting_files(names: list[str]) -> Generator[StringCommand, None, None]:
    """Ensure that no account trusts other hosts by a file, or keeps passwords in one.

    `names` are absolute paths, or names in every account's home. What is found is moved to
    /var/lib/ringfence/previous.
    """
    for name in names:
        plain(name, "the name")
    found = host.get_fact(TrustingFiles, names=list(names))
    if found:
        for path in found:
            would("removal", path=path)
        yield _script([call("remove", path) for path in found])
    else:
        host.noop("no account trusts other hosts by a file")


@operation()
def privileges(
    allowed: dict[str, str], answer: str, other_systems: Sequence[str] = ()
) -> Generator[StringCommand, None, None]:
    """Ensure that only allowed programs have privileges, and that not everybody may write a file.

    `allowed` is path to grant (`4755 root:root`, `cap_net_raw=ep`); a program must also belong to
    a package. Others lose the bits and the capabilities, and stay. An allowed program with other
    bits or another owner gets back what is allowed. What belongs to nobody is given to root.
    `answer` is the directory of the nightly search; `other_systems` are directories left alone.
    An empty `allowed` (a release that nobody made a list for) takes privileges from nothing.
    """
    for path in (answer, *other_systems):
        absolute(path)
    state = host.get_fact(Privileges, answer=answer, other_systems=list(other_systems))
    ours = _Outside(other_systems)
    programs = [found for found in state["programs"] if found["path"] in ours]
    extra = [found for found in programs if allowed and not _may(found, allowed)]
    kept = [found["path"] for found in programs if found not in extra]
    restored = [found for found in extra if found["package"] and found["path"] in allowed]
    lines = [_restore(found, allowed[found["path"]]) for found in restored]
    would_change_each((f["path"], f"{f['grant']} → {allowed[f['path']]}") for f in restored)
    kept += [found["path"] for found in restored]
    stripped = [found["path"] for found in extra if found not in restored]
    if stripped:
        told = [path for path in dict.fromkeys(stripped) if path != SUDO]
        would_change("loses its privileges", *told)
        lines.append(call("tame", "privileges", *dict.fromkeys([*kept, SUDO]), "--", *stripped))
    if opened := [path for path in state["open"] if path in ours]:
        lines.append(call("tame", "write permission", "--", *opened))
        would_change("no longer everybody's to write", *opened)
    if unowned := [path for path in state["unowned"] if path in ours]:
        lines.append(call("adopt", *unowned))
        would_change("given to root", *unowned)
    if lines:
        yield _script(lines)
    else:
        host.noop(f"{len(kept)} programs have privileges that they may have")


@operation()
def data(trees: list[DataTree]) -> Generator[StringCommand, None, None]:
    """Ensure that trees of data are closed to everybody but their group and who writes them.

    Directories are 2750 and pass on what they are by default access lists; files lose what others
    may do. Contents stay, and so do the writer's own files. The walk of a tree is one `find` when
    there is nothing to do.
    """
    for tree in trees:
        absolute(tree.path)
        named(tree.group, "the group")
        if tree.writer:
            named(tree.writer, "the account")
    asked = [[tree.path, tree.group, tree.writer] for tree in trees]
    state = host.get_fact(DataTrees, trees=asked) if trees else {}
    lines = []
    for tree in trees:
        if of_tree := _data(tree, state.get(tree.path)):
            lines += of_tree
            would_change(f"closed to all but {tree.group}", tree.path)
    if lines:
        yield _script(lines)
    else:
        host.noop(f"{len(trees)} trees of data are closed to others")


def _system_file(file: SystemFile, found: FileState | None) -> str | None:
    if found is None:
        return None
    allowed = int(file.mode, 8)
    right_group = found["group"] in file.groups
    if (
        found["owner"] == "root"
        and right_group
        and not found["mode"] & ~allowed
        and not found["extended"]
    ):
        return None
    group = found["group"] if right_group else file.groups[0]
    return call("system_file", file.path, f"{found['mode'] & allowed:04o}", "root", group)


def _home(home: HomeEntry, owners: Sequence[str]) -> str | None:
    foreign = home["owner"] not in owners
    if not home["mode"] & 0o077 and not home["extended"] and not foreign:
        return None
    line = ["home", home["path"], f"{home['mode'] & 0o700 or 0o700:04o}"]
    return call(*line, *([owners[0]] if foreign else []))


def _is_of_the_system(path: str) -> bool:
    return path.count("/") == 1 and path != "/root"


class _Outside:
    """The paths that lie in none of some directories."""

    def __init__(self, places: Sequence[str]) -> None:
        self.places = tuple(f"{place}/" for place in places)

    def __contains__(self, path: str) -> bool:
        return not path.startswith(self.places)


def _may(found: PrivilegedFile, allowed: dict[str, str]) -> bool:
    grant = allowed.get(found["path"])
    if grant is None or not found["package"]:
        return False
    if not grant[0].isdigit() or not found["grant"][:1].isdigit():
        return grant == found["grant"]
    mode, _, owner = grant.partition(" ")
    have, _, owned = found["grant"].partition(" ")
    if int(have, 8) & ~int(mode, 8) or owned.split(":")[0] != owner.split(":")[0]:
        return False
    return not int(have, 8) & 0o2000 or owned == owner


def _restore(found: PrivilegedFile, grant: str) -> str:
    """Return the line that gives a package's program what it may have, and no more."""
    if not grant[0].isdigit():
        return call("restore_capable", found["path"], grant)
    mode, _, owner = grant.partition(" ")
    if found["grant"][:1].isdigit():
        mode = f"{int(mode, 8) & int(found['grant'].split(' ')[0], 8):04o}"
    return call("restore", found["path"], mode, owner)


def _data(tree: DataTree, found: DataState | None) -> list[str]:
    whole = found is not None and found["kind"] == "present"
    if found is None or not whole:
        wrong = lists = files = True
    else:
        wrong, files = bool(found["wrong"]), bool(found["files"])
        lists = bool(found["lists"]) or not found["served"]
    if not (wrong or lists or files):
        return []
    lines = [call("data_tree", tree.path, tree.group, tree.writer)]
    lines += [call("data_lists", tree.path)] if lists else []
    lines += [call("data_files", tree.path)] if files else []
    return [*lines, call("data_modes", tree.path)]


def _script(lines: Sequence[str]) -> StringCommand:
    opening = ["clean() { :; }", "undo() { :; }", "begin", "committed=yes"]
    return StringCommand(library("tree") + library("permissions") + "\n".join([*opening, *lines]))
