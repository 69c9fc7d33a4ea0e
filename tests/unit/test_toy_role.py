"""The role that CONTRIBUTING.md calls complete is, by what is asked of every role."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
TOY = CHECKOUT / "tests/integration/toy_role"
META = "tests/unit/test_catalogue_meta.py"


@pytest.fixture
def house(tmp_path):
    """A copy of all roles, with the toy among them, and the tests of what roles are."""
    for folder in ("roles", "templates", "tests/baseline", "tests/sabotage"):
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(CHECKOUT / folder, tmp_path / folder, ignore=left_out)
    shutil.copytree(TOY, tmp_path, dirs_exist_ok=True)
    (tmp_path / META).parent.mkdir()
    shutil.copy(CHECKOUT / META, tmp_path / META)
    table = tmp_path / "roles/roles.yml"
    if "\ntoy:" not in table.read_text():  # it is, in a copy to which CONTRIBUTING.md was done
        table.write_text(f"{table.read_text()}toy: [agents]\n")
    return tmp_path


def judged(house, *options):
    """Run the tests of what roles are over a house."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("RINGFENCE_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", META, "-q", "-p", "no:cacheprovider", *options],
        cwd=house,
        env={**ours, "PYTHONPATH": str(CHECKOUT), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_toy_role_is_all_that_a_role_must_be(house):
    ended = judged(house)
    assert ended.returncode == 0, ended.stdout


def test_a_toy_that_lacks_something_would_be_told(house):
    path = house / "tests/sabotage/toy.yml"
    path.write_text(path.read_text().replace("kind: add", "kind: weaken"))
    ended = judged(house, "-k", "TOY-01")
    assert ended.returncode == 1
    assert "removal_weakening_and_addition[TOY-01]" in ended.stdout
