"""The operations' commands run for real, on a scratch folder of this machine."""

import getpass
import grp
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ringfence.facts.files import Tree, TreeState
from ringfence.operations.files import Directory, File, tree_command


class Scratch:
    """A folder that stands for a host's file system."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = root / "store"
        self.etc = root / "etc"
        self.etc.mkdir()
        self.owner = getpass.getuser()
        self.group = grp.getgrgid(os.getgid()).gr_name

    def file(self, name: str, content: str, **more: object) -> File:
        path = str(self.etc / name)
        mine = {"owner": self.owner, "group": self.group}
        return replace(File(path=path, content=content), **{**mine, **more})

    def directory(self, name: str, **more: object) -> Directory:
        mine = {"owner": self.owner, "group": self.group}
        return replace(Directory(path=str(self.etc / name)), **{**mine, **more})

    def state(self, paths: list[str], directories: list[str]) -> TreeState:
        fact = Tree()
        command = fact.command(paths, directories)
        answer = subprocess.run(["sh", "-c", command], capture_output=True, check=True)
        return fact.process(answer.stdout.decode("ascii").splitlines())

    def command(
        self,
        files: list[File],
        directories: list[Directory] | None = None,
        absent: list[str] | None = None,
    ) -> tuple[str, str] | None:
        directories, absent = directories or [], absent or []
        paths = [item.path for item in directories] + [file.path for file in files] + absent
        state = self.state(paths, [item.path for item in directories if item.exclusive])
        command = tree_command(state, files, directories, absent)
        if command is None:
            return None
        script = command.get_raw_value().replace("/var/lib/ringfence", str(self.store))
        return script, command.connector_arguments.get("_stdin") or ""

    def apply(
        self,
        files: list[File],
        directories: list[Directory] | None = None,
        absent: list[str] | None = None,
        before: Callable[[str], str] = str,
    ) -> subprocess.CompletedProcess[str] | None:
        wanted = self.command(files, directories, absent)
        if wanted is None:
            return None
        script, stdin = wanted
        return subprocess.run(
            ["sh", "-c", before(script)], input=stdin, capture_output=True, text=True
        )

    def leftovers(self) -> list[Path]:
        stages = list(self.root.rglob(".ringfence.*")) + list(self.root.rglob(".work.*"))
        return [path for path in stages if "previous" not in path.parts]


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    return Scratch(tmp_path)
