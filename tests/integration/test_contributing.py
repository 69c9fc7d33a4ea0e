"""What CONTRIBUTING.md says, done to the letter in a fresh copy of this repository."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence import lab as labs

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent
BEFORE = "Then see it red and green"
EXITS = re.compile(r"#.*exits with (\d+)")


def told():
    """Return the lines of the block that shows a role red and green."""
    text = (ROOT / "CONTRIBUTING.md").read_text().partition(BEFORE)[2]
    return re.findall(r"^    (\S.*)$", text.partition("\n`ringfence prove")[0], re.MULTILINE)


def checked(line):
    """Return a line of the block, and what ends the script unless it exits as it should."""
    exits = EXITS.search(line)
    wanted = exits[1] if exits else "0"
    ended = f"echo {shlex.quote(line)} ended with $status, not {wanted}; exit 1"
    return f"{line}\nstatus=$?; [ $status = {wanted} ] || {{ {ended}; }}\n"


@pytest.fixture
def clone(tmp_path):
    """What git has of this repository, in a folder of its own, where `make` finds what it needs."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    path = tmp_path / "clone"
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).exists():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, path / name, follow_symlinks=False)
    subprocess.run("git init -q && git add --all", shell=True, cwd=path, check=True)
    (path / ".venv").mkdir()
    (path / ".venv/ready").touch()
    yield path
    labs.down(path / "inventories/lab", say=print)


@pytest.fixture
def environment(clone, tmp_path):
    """A shell whose `ringfence` is the copy's, and that has nothing of who runs the tests but the
    tools of their environment."""
    program = tmp_path / "bin" / "ringfence"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "from ringfence.cli import main; main()" "$@"\n'
    )
    program.chmod(0o755)
    return {
        **{name: it for name, it in os.environ.items() if not name.startswith("RINGFENCE_")},
        "PATH": os.pathsep.join(map(str, [program.parent, TOOLS, os.environ["PATH"]])),
        "PYTHONPATH": str(clone),
    }


@pytest.mark.every_way
def test_a_role_is_seen_red_and_green_by_doing_what_contributors_are_told(clone, environment):
    script = "".join(checked(line) for line in told())
    ended = subprocess.run(
        ["bash", "-c", script],
        stdin=subprocess.DEVNULL,
        cwd=clone,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(ended.stdout)
    assert ended.returncode == 0
    assert "TOY-01: the words of the day" in ended.stdout
    assert "1 of 1 controls proven; 3 of 3 sabotages seen red and repaired" in ended.stdout
