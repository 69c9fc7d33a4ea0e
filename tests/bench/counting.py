"""Counts the calls of a program that others start: a wrapper before it on PATH notes each."""

import os
import shutil
from pathlib import Path

WRAPPER = """#!/bin/sh
printf '%s' "$*" | tr '\\n' ' ' >> '{notes}'
echo >> '{notes}'
exec '{program}' "$@"
"""


class Counter:
    """A folder to be put first on PATH, in which a wrapper stands for ``program``."""

    def __init__(self, folder: Path, program: str) -> None:
        """Put the wrapper into a folder. Raises FileNotFoundError when there is no such program."""
        real = shutil.which(program)
        if real is None:
            raise FileNotFoundError(program)
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._notes = folder / f"{program}.calls"
        wrapper = folder / program
        wrapper.write_text(WRAPPER.format(notes=self._notes, program=real))
        wrapper.chmod(0o755)
        self.reset()

    @property
    def environment(self) -> dict[str, str]:
        """What a counted command needs in its environment."""
        return {"PATH": f"{self.folder}{os.pathsep}{os.environ['PATH']}"}

    @property
    def calls(self) -> list[str]:
        """The arguments of each call since the last reset."""
        return self._notes.read_text().splitlines()

    def reset(self) -> None:
        """Forget the calls."""
        self._notes.write_text("")
