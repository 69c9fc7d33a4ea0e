"""The functions that make accounts, on a folder that stands for a host; `chown` only tells."""

import subprocess
from pathlib import Path

from ringfence.facts.shell import library as fact_library
from ringfence.operations.shell import library

STANDS_IN = """\
keep() { :; }
fail() { printf '%s\\n' "$*" >&2; exit 1; }
chown() { printf 'chown %s\\n' "$*"; }
getent() { [ "$3" != 1003 ]; }
"""
"""Everybody has an account but 1003."""


def told(root: Path, lines: str) -> list[str]:
    work = root / "work"
    work.mkdir(exist_ok=True)
    libraries = fact_library("people") + library("people")
    moved = libraries.replace("/etc/", f"{root}/etc/").replace("/var/lib/", f"{root}/")
    text = f"{moved}\nwork={work} today=20000\n{STANDS_IN}{lines}"
    ended = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=True)
    return [line for line in ended.stdout.splitlines() if line != "ringfence-people"]


def passwd(root: Path, *entries: str) -> Path:
    path = root / "etc/passwd"
    path.parent.mkdir()
    path.write_text("".join(f"{entry}\n" for entry in entries))
    return path


def test_who_gets_a_new_number_keeps_what_is_in_the_home(tmp_path):
    ana, bruno = tmp_path / "home/ana", tmp_path / "home/bruno"
    for home in (ana, bruno):
        home.mkdir(parents=True)
    path = passwd(
        tmp_path,
        "root:x:0:0::/root:/bin/bash",
        f"ana:x:1001:1001::{ana}:/bin/bash",
        f"bruno:x:1001:1002::{bruno}:/bin/bash",
        "taken:x:59000:59000::/nonexistent:/bin/false",
    )
    assert told(tmp_path, "single passwd")[0] == f"chown -R --from=1001 -- 59001 {bruno}"
    numbers = [line.split(":")[2] for line in path.read_text().splitlines()]
    assert numbers == ["0", "1001", "59001", "59000"]


def test_a_new_number_never_takes_the_files_of_root_or_a_home_that_others_have(tmp_path):
    shared = tmp_path / "home/ana"
    shared.mkdir(parents=True)
    path = passwd(
        tmp_path,
        "root:x:0:0::/root:/bin/bash",
        f"ana:x:1001:1001::{shared}:/bin/bash",
        "toor:x:0:0::/root:/bin/bash",
        f"eve:x:1001:1001::{shared}:/bin/bash",
        "mallory:x:1001:1001::/:/bin/bash",
        "ana:x:1777:1777::/nonexistent:/bin/bash",
        "+nis::::::",
    )
    assert told(tmp_path, "single passwd") == ["made the entries of " + str(path) + " unique"]
    kept = [line.split(":")[0:3:2] for line in path.read_text().splitlines()]
    assert kept == [
        *(["root", "0"], ["ana", "1001"]),
        *(["toor", "59000"], ["eve", "59001"], ["mallory", "59002"]),
    ]


def test_an_account_that_is_made_anew_gets_the_files_of_the_former_one_also_at_the_next_run(
    tmp_path,
):
    home = tmp_path / "home/ana"
    home.mkdir(parents=True)
    note = tmp_path / "ringfence/accounts/ana"
    note.parent.mkdir(parents=True)
    note.write_text("since=19000\nbefore=1003\n")
    lines = f"inherit ana {home}"
    assert told(tmp_path, lines) == [f"chown -R --from=1003 -- ana: {home}"]
    assert note.read_text() == "since=19000\n"
    assert told(tmp_path, lines) == []


def test_the_files_of_somebody_else_s_account_stay_theirs(tmp_path):
    home = tmp_path / "home/ana"
    home.mkdir(parents=True)
    note = tmp_path / "ringfence/accounts/ana"
    note.parent.mkdir(parents=True)
    note.write_text("since=19000\nbefore=1004\n")
    assert told(tmp_path, f"inherit ana {home}") == []
