"""Lines of others that become comments, by the functions of tree.sh on files of this machine."""

import subprocess
from pathlib import Path

import pytest

from ringfence.operations.shell import library

LOOSENED = "[Service]\n# ours\nNoNewPrivileges=no\n\nLimitCORE=infinity\n"
ALONE = "[Service]\nNoNewPrivileges=no\n; a remark\n"


@pytest.fixture
def call(tmp_path: Path):
    """Calls a function on a file; returns what the file holds then, None when it is gone."""
    file = tmp_path / "etc" / "site.conf"
    file.parent.mkdir()

    def calling(content: str, function: str, *numbers: int) -> str | None:
        file.write_text(content)
        script = library("tree").replace("/var/lib/ringfence", str(tmp_path / "store"))
        script += 'clean() { :; }\nundo() { :; }\nbegin\ncommitted=yes\n"$@"\n'
        words = [function, str(file), *map(str, numbers)]
        subprocess.run(["sh", "-c", script, "sh", *words], check=True, capture_output=True)
        return file.read_text() if file.exists() else None

    return calling


def kept(tmp_path: Path) -> list[str]:
    return [p.read_text() for p in (tmp_path / "store/previous").rglob("*Z") if p.is_file()]


def test_lines_become_comments_and_the_file_before_is_kept(call, tmp_path: Path) -> None:
    now = call(LOOSENED, "silence", 3, 5)
    assert now == LOOSENED.replace("NoNew", "# replaced by Ringfence: NoNew").replace(
        "Limit", "# replaced by Ringfence: Limit"
    )
    assert kept(tmp_path) == [LOOSENED]


def test_a_drop_in_that_still_says_something_stays(call, tmp_path: Path) -> None:
    now = call(LOOSENED, "silence_drop_in", 3)
    assert now == LOOSENED.replace("NoNew", "# replaced by Ringfence: NoNew")
    assert kept(tmp_path) == [LOOSENED]


def test_a_drop_in_that_says_nothing_else_goes_and_is_kept(call, tmp_path: Path) -> None:
    assert call(ALONE, "silence_drop_in", 2) is None
    assert kept(tmp_path) == [ALONE]


def test_other_files_stay_though_they_say_nothing_any_more(call, tmp_path: Path) -> None:
    assert call("* hard core unlimited\n", "silence", 1) is not None
    assert kept(tmp_path) == ["* hard core unlimited\n"]


def test_the_last_five_versions_of_a_file_are_kept(call, tmp_path: Path) -> None:
    versions = [f"version {number}\n" for number in range(7)]
    for version in versions:
        call(version, "silence", 1)
    assert sorted(kept(tmp_path)) == versions[2:]
