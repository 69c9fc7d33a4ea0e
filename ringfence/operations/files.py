"""Files: a tree of them, replaced as a whole or not at all."""

import base64
import hashlib
import io
import tarfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import OperationValueError
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.files import Closed, Entry, Tree, TreeState, places
from ringfence.facts.shell import call
from ringfence.operations.shell import absolute, library, named, octal, plain
from ringfence.operations.telling import would

STAGE = "{}"
"""Stands for the staged file in a validator's words."""
COMPILES = (
    *("python3", "-I", "-c", "import sys; compile(open(sys.argv[1]).read(), sys.argv[1], 'exec')"),
    STAGE,
)


@dataclass(frozen=True, kw_only=True)
class File:
    """A regular file that must have this content. A validator is a command (its words, `{}` for the
    staged file) that must succeed before anything of the tree is replaced.

    `shown` says whether a plan may show what changes in it. None means: if everybody on the host
    may read it. A file that is closed for caution, but never holds a secret, says True."""

    path: str
    content: str = field(repr=False)
    mode: str = "0644"
    owner: str = "root"
    group: str = "root"
    validators: Sequence[Sequence[str]] = ()
    shown: bool | None = None

    @property
    def sha256(self) -> str:
        """Digest of the content in UTF-8."""
        return hashlib.sha256(self.content.encode()).hexdigest()


def python_file(path: str, content: str, mode: str = "0644") -> File:
    """Return a file of Python, a program or a module of one, that the host's own can compile."""
    return File(path=path, content=content, mode=mode, validators=[COMPILES])


@dataclass(frozen=True, kw_only=True)
class Directory:
    """A directory that must exist. An exclusive one holds declared files and directories only, and
    those of the names in `kept`, which others look after."""

    path: str
    mode: str = "0755"
    owner: str = "root"
    group: str = "root"
    exclusive: bool = False
    kept: Sequence[str] = ()


@operation()
def tree(
    files: list[File] | None = None,
    directories: list[Directory] | None = None,
    absent: list[str] | None = None,
) -> Generator[StringCommand, None, None]:
    """Ensure that files and directories are as declared, and that the paths in `absent` are not.

    One command replaces what differs. All of it is staged privately beside its target and validated
    first: when a validator refuses, the disk is full or the connection breaks, nothing has changed.
    Each file is then renamed into place. What was there before lies in /var/lib/ringfence/previous
    (root only, the last five of each path).

    The parent of each path must exist or be among `directories`, which are made in the order given.
    """
    files, directories, absent = files or [], directories or [], absent or []
    state = host.get_fact(
        Tree,
        paths=_paths(files, directories, absent),
        directories=[directory.path for directory in directories if directory.exclusive],
    )
    command = tree_command(state, files, directories, absent)
    if command is None:
        host.noop(f"{len(files)} files and {len(directories)} directories are as declared")
    else:
        yield command


@operation()
def closed(path: str) -> Generator[StringCommand, None, None]:
    """Ensure that a file that others write to, a log, is there, and is root's alone.

    What is no regular file under that name is kept aside, in /var/lib/ringfence/previous.
    """
    absolute(path)
    if host.get_fact(Closed, path=path):
        host.noop(f"{path} is root's alone")
        return
    lines = [
        "clean() { :; }",
        "undo() { :; }",
        "begin",
        f"[ -f {call(path)} ] && [ ! -L {call(path)} ] || {call('remove', path)}",
        f": >>{call(path)} && {call('chown', 'root:root', '--', path)} && "
        f"{call('chmod', '0600', '--', path)} || {call('fail', f'cannot close {path}')}",
        "committed=yes",
    ]
    yield StringCommand(library("tree") + "\n".join(lines))


def tree_command(
    state: TreeState,
    files: Sequence[File],
    directories: Sequence[Directory],
    absent: Sequence[str],
    functions: str = "",
) -> StringCommand | None:
    """Return the command that brings a host from `state` to what is declared; None if it is there.

    `functions` are shell functions for validators, or in place of those of `scripts/tree.sh`.

    Raises OperationValueError for a declaration that no command may carry.
    """
    _refuse_contradictions(files, directories, absent)
    found = state["entries"]
    wrong_files = [file for file in files if _file_differs(file, found.get(file.path))]
    wrong_directories = [d for d in directories if _directory_differs(d, found.get(d.path))]
    unwanted = [path for path in absent if found.get(path) is not None]
    crowded = [d for d in directories if _extra(d, state, files, directories)]
    if not (wrong_files or wrong_directories or unwanted or crowded or state["leftovers"]):
        return None
    for directory in wrong_directories:
        _tell_entry("directory", directory, found.get(directory.path))
    for file in wrong_files:
        _tell_file(file, found.get(file.path), directories)
    for path in unwanted:
        would("removal", path=path)
    for directory in crowded:
        for name in _surplus(directory, state, files, directories):
            would("removal", path=f"{directory.path}/{name}")

    lines = _preparation(files, directories, absent, wrong_directories)
    if wrong_files:
        lines.append("receive")
    for number, file in enumerate(wrong_files):
        lines.append(call("stage", str(number), file.path, file.mode, file.owner, file.group))
    for file in wrong_files:
        lines += [_check(file, validator) for validator in file.validators]
    wrong_paths = [file.path for file in wrong_files]
    if wrong_files:
        lines += [call("sync_stages", *wrong_paths), call("keep", *wrong_paths)]
    lines.append("committed=yes")
    lines += [_directory_call("install_directory", *item) for item in enumerate(wrong_directories)]
    if wrong_files:
        lines.append(call("install_files", *wrong_paths))
    lines += [call("exclusive", d.path, *_members(d, files, directories)) for d in crowded]
    lines += [call("remove", path) for path in unwanted]
    script = library("tree") + functions + "\n".join(lines)
    if not wrong_files:
        return StringCommand(script)
    return StringCommand(script, _stdin=_archive(wrong_files))


def _preparation(
    files: Sequence[File],
    directories: Sequence[Directory],
    absent: Sequence[str],
    wrong_directories: Sequence[Directory],
) -> list[str]:
    sweep = call("sweep", *places(_paths(files, directories, absent)))
    undo = [call("undo_directory", str(i), d.path) for i, d in enumerate(wrong_directories)]
    return [
        f"clean() {{ {sweep}; }}",
        f"undo() {{ :; {' '.join(f'{line};' for line in reversed(undo))} }}",
        "begin",
        *(_directory_call("prepare_directory", *item) for item in enumerate(wrong_directories)),
    ]


def _directory_call(function: str, number: int, directory: Directory) -> str:
    d = directory
    return call(function, str(number), d.path, d.mode, d.owner, d.group)


def _check(file: File, validator: Sequence[str]) -> str:
    stage = f'"$({call("staged", file.path)})"'
    words = [stage if word == STAGE else call(word) for word in validator]
    return " ".join(["check", call(file.path), *words])


def _archive(files: Sequence[File]) -> str:
    """Pack the contents as 0, 1, 2 … and an empty `end`, in base64: pyinfra's stdin is text."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for number, file in enumerate(files):
            member = tarfile.TarInfo(str(number))
            content = file.content.encode()
            member.size = len(content)
            member.mode = 0o600
            archive.addfile(member, io.BytesIO(content))
        archive.addfile(tarfile.TarInfo("end"))
    return base64.b64encode(stream.getvalue()).decode()


def _file_differs(file: File, entry: Entry | None) -> bool:
    return (
        entry is None
        or entry["type"] != "file"
        or (entry["mode"], entry["owner"], entry["group"]) != (file.mode, file.owner, file.group)
        or entry["sha256"] != file.sha256
    )


def _directory_differs(directory: Directory, entry: Entry | None) -> bool:
    wanted = (directory.mode, directory.owner, directory.group)
    return (
        entry is None
        or entry["type"] != "directory"
        or (entry["mode"], entry["owner"], entry["group"]) != wanted
    )


def _extra(
    directory: Directory,
    state: TreeState,
    files: Sequence[File],
    directories: Sequence[Directory],
) -> bool:
    return directory.exclusive and bool(_surplus(directory, state, files, directories))


def _surplus(
    directory: Directory,
    state: TreeState,
    files: Sequence[File],
    directories: Sequence[Directory],
) -> list[str]:
    members = set(state["members"].get(directory.path, []))
    return sorted(members - set(_members(directory, files, directories)))


def _tell_file(file: File, found: Entry | None, directories: Sequence[Directory]) -> None:
    closed = [d.path for d in directories if not int(d.mode, 8) & 0o001]
    public = int(file.mode, 8) & 0o004 and not any(file.path.startswith(f"{p}/") for p in closed)
    shown = bool(public) if file.shown is None else file.shown
    _tell_entry(
        "file",
        file,
        found,
        differs=found is None or found["sha256"] != file.sha256,
        content=file.content if shown else None,
        private=not public,
    )


def _tell_entry(kind: str, item: File | Directory, found: Entry | None, **more: Any) -> None:
    about = {"mode": item.mode, "owner": item.owner, "group": item.group}
    would(kind, path=item.path, wanted=about, found=found, **more)


def _members(
    directory: Directory, files: Sequence[File], directories: Sequence[Directory]
) -> list[str]:
    parts = [path.rpartition("/") for path in _paths(files, directories, ())]
    declared = {name for parent, _, name in parts if parent == directory.path}
    return sorted(declared.union(directory.kept))


def _paths(
    files: Sequence[File], directories: Sequence[Directory], absent: Sequence[str]
) -> list[str]:
    return [d.path for d in directories] + [file.path for file in files] + list(absent)


def _refuse_contradictions(
    files: Sequence[File], directories: Sequence[Directory], absent: Sequence[str]
) -> None:
    seen: set[str] = set()
    items: list[File | Directory] = [*files, *directories]
    for item in items:
        octal(item.mode)
        named(item.owner, "the owner")
        named(item.group, "the group")
    for file in files:
        for validator in file.validators:
            plain(next(iter(validator), ""), "the validator")
    for path in _paths(files, directories, absent):
        absolute(path)
        if path in seen:
            raise OperationValueError(f"the path {path!r} is declared twice")
        seen.add(path)
