"""What the real script tells of files of this machine, whatever their names."""

import os
import subprocess
from pathlib import Path

import pytest

from ringfence.facts.files import Tree

NOBODY = 65534
DIGESTS = {  # by sha256sum
    "x": "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
    "y": "a1fce4363854ff888cff4b8e7875d600c2682390412a8cf79b37d0b11148b0fa",
    "z": "594e519ae499312b29433b7dd8a97ff068defcba9755b6d5d00e84c524d67b06",
}
NAMES = ["none", "a\nb", "c\\d", "link", "pipe", "folder", "$(id) 'e'", "gone"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a\nb").write_text("x")
    (tmp_path / "c\\d").write_text("y")
    (tmp_path / "$(id) 'e'").write_text("z")
    (tmp_path / "link").symlink_to("a\nb")
    (tmp_path / "folder").mkdir(mode=0o700)
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


def told(paths: list[Path], user: int | None = None) -> dict[str, tuple[str, str | None] | None]:
    """Return the type and digest of each path, by its name."""
    fact = Tree()
    command = fact.command([str(path) for path in paths])
    answer = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, timeout=60, check=True, user=user
    )
    entries = fact.process(answer.stdout.splitlines())["entries"].items()
    return {
        path.rpartition("/")[2]: entry and (entry["type"], entry["sha256"])
        for path, entry in entries
    }


def test_each_path_has_its_own_type_and_digest(folder: Path) -> None:
    assert told([folder / name for name in NAMES]) == {
        "none": None,
        "a\nb": ("file", DIGESTS["x"]),
        "c\\d": ("file", DIGESTS["y"]),
        "link": ("link", None),
        "pipe": ("other", None),
        "folder": ("directory", None),
        "$(id) 'e'": ("file", DIGESTS["z"]),
        "gone": None,
    }


def test_nothing_is_told_of_no_path() -> None:
    assert told([]) == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody who reads less")
def test_a_file_that_can_not_be_read_spoils_no_other() -> None:
    """Somebody who isn't root; the files lie where everybody may pass."""
    closed, open_to_all = Path("/etc/shadow"), Path("/etc/passwd")
    found = told([closed, open_to_all, Path("/nowhere")], user=NOBODY)
    assert found["shadow"] == ("file", None)
    assert found["nowhere"] is None
    assert found["passwd"] == told([open_to_all])["passwd"]
