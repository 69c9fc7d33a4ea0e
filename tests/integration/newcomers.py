"""Somebody who has this repository and nothing else, and does what a page says, to the letter."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
EXITS = re.compile(r"#.*exits with (\d+)")


def checked(line: str, wanted: str = "") -> str:
    """Return a line of a page, and what ends the script unless it exits as the page says, or as is
    wanted; with 0 where neither says anything."""
    exits = EXITS.search(line)
    wanted = wanted or (exits[1] if exits else "0")
    ended = f"echo {shlex.quote(line)} ended with $status, not {wanted}; exit 1"
    return f"{line}\nstatus=$?; [ $status = {wanted} ] || {{ {ended}; }}\n"


@dataclass(frozen=True)
class Newcomer:
    """A fresh copy of the repository, and a shell in it whose `ringfence` is the copy's."""

    clone: Path
    program: Path

    @classmethod
    def in_folder(cls, folder: Path) -> "Newcomer":
        """Copy what git has of this repository, where `make` finds what it needs."""
        words = ["git", "ls-files", "-z"]
        listed = subprocess.run(words, cwd=ROOT, capture_output=True, check=True)
        made = cls(folder / "clone", folder / "bin" / "ringfence")
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (ROOT / name).exists():
                (made.clone / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, made.clone / name, follow_symlinks=False)
        subprocess.run("git init -q && git add --all", shell=True, cwd=made.clone, check=True)
        (made.clone / ".venv").mkdir()
        (made.clone / ".venv/ready").touch()
        made.program.parent.mkdir()
        called = f'{sys.executable} -c "from ringfence.cli import main; main()"'
        made.program.write_text(f'#!/bin/sh\nexec {called} "$@"\n')
        made.program.chmod(0o755)
        return made

    def does(self, script: str) -> str:
        """Run a script without a terminal, demand success, and return what was printed.

        It has nothing of who runs the tests but the tools of their environment.
        """
        path = os.pathsep.join(map(str, [self.program.parent, TOOLS, os.environ["PATH"]]))
        kept = {name: it for name, it in os.environ.items() if not name.startswith("RINGFENCE_")}
        ended = subprocess.run(
            ["bash", "-c", script],
            stdin=subprocess.DEVNULL,
            cwd=self.clone,
            env={**kept, "PATH": path, "PYTHONPATH": str(self.clone)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        print(ended.stdout)
        assert ended.returncode == 0
        return ended.stdout
