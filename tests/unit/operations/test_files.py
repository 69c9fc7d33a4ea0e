import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from ringfence.operations.files import STAGE, File

ODD_NAMES = ("a b", "it's", "$(reboot)", '"', "-rf", "ñ", "*", "a;b", "~")


def succeeded(outcome: "subprocess.CompletedProcess[str] | None") -> bool:
    assert outcome is not None
    assert outcome.returncode == 0, outcome.stderr
    return True


def failed(outcome: "subprocess.CompletedProcess[str] | None") -> str:
    assert outcome is not None
    assert outcome.returncode == 1, outcome.stdout
    return outcome.stderr


def test_files_get_content_mode_and_directories(scratch) -> None:
    files = [scratch.file("a", "one\n"), scratch.file("d/b", "two", mode="0600")]
    directories = [scratch.directory("d", mode="0750")]
    assert succeeded(scratch.apply(files, directories))
    assert (scratch.etc / "a").read_text() == "one\n"
    assert (scratch.etc / "d/b").read_text() == "two"
    modes = [(scratch.etc / name).stat().st_mode & 0o7777 for name in ("a", "d", "d/b")]
    assert modes == [0o644, 0o750, 0o600]


def test_the_second_run_changes_nothing(scratch) -> None:
    files = [scratch.file("d/a", "one\n")]
    directories = [scratch.directory("d", exclusive=True)]
    absent = [str(scratch.etc / "old")]
    assert succeeded(scratch.apply(files, directories, absent))
    assert scratch.command(files, directories, absent) is None
    assert scratch.leftovers() == []


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_written_read_and_removed(scratch, name: str) -> None:
    assert succeeded(scratch.apply([scratch.file(name, "x")]))
    assert (scratch.etc / name).read_text() == "x"
    assert scratch.command([scratch.file(name, "x")]) is None
    assert succeeded(scratch.apply([], absent=[str(scratch.etc / name)]))
    assert list(scratch.etc.iterdir()) == []


@pytest.mark.parametrize(
    "content", ["", "\n", "no newline", "\n\n\n", "ñ€\n", "$(id) `id` '\"\\\n"]
)
def test_content_arrives_byte_by_byte(scratch, content: str) -> None:
    assert succeeded(scratch.apply([scratch.file("a", content)]))
    assert (scratch.etc / "a").read_bytes() == content.encode()


def test_large_content_arrives(scratch) -> None:
    content = "0123456789abcde\n" * 200_000
    assert succeeded(scratch.apply([scratch.file("a", content)]))
    assert (scratch.etc / "a").stat().st_size == len(content)


def test_a_link_is_replaced_and_its_target_left_alone(scratch) -> None:
    (scratch.etc / "target").write_text("precious")
    (scratch.etc / "a").symlink_to("target")
    (scratch.etc / "d").symlink_to("/usr")
    files, directories = (
        [scratch.file("a", "x"), scratch.file("d/b", "y")],
        [scratch.directory("d")],
    )
    assert succeeded(scratch.apply(files, directories))
    assert not (scratch.etc / "a").is_symlink()
    assert not (scratch.etc / "d").is_symlink()
    assert (scratch.etc / "d/b").read_text() == "y"
    assert (scratch.etc / "target").read_text() == "precious"


def test_a_directory_in_place_of_a_file_is_moved_aside(scratch) -> None:
    (scratch.etc / "a").mkdir()
    (scratch.etc / "a/inside").write_text("kept")
    assert succeeded(scratch.apply([scratch.file("a", "x")]))
    assert (scratch.etc / "a").read_text() == "x"
    assert [p.read_text() for p in (scratch.store / "previous").rglob("inside")] == ["kept"]


def test_an_exclusive_directory_loses_every_undeclared_entry(scratch) -> None:
    folder = scratch.etc / "d"
    folder.mkdir()
    for name in ("extra", ".hidden", "..odd", "-rf", "with space", "new\nline"):
        (folder / name).write_text("x")
    (folder / os.fsdecode(b"\xff\xfe")).mkdir()
    (folder / "dangling").symlink_to("nowhere")
    files, directories = [scratch.file("d/wanted", "x")], [scratch.directory("d", exclusive=True)]
    assert succeeded(scratch.apply(files, directories))
    assert [path.name for path in folder.iterdir()] == ["wanted"]
    assert scratch.command(files, directories) is None


def test_the_last_five_versions_are_kept_for_root_alone(scratch) -> None:
    for number in range(8):
        assert succeeded(scratch.apply([scratch.file("a", f"{number}")]))
    shelf = Path(f"{scratch.store}/previous{scratch.etc}/a")
    assert sorted(path.read_text() for path in shelf.iterdir()) == ["2", "3", "4", "5", "6"]
    assert (scratch.store / "previous").stat().st_mode & 0o777 == 0o700


def test_a_refusing_validator_changes_nothing_at_all(scratch) -> None:
    (scratch.etc / "a").write_text("old")
    files = [
        scratch.file("a", "new"),
        scratch.file(
            "d/b",
            "bad",
            validators=[("sh", "-c", 'echo "$1: line 3 is wrong"; exit 2', "sh", STAGE)],
        ),
    ]
    directories = [scratch.directory("d")]
    message = failed(scratch.apply(files, directories, [str(scratch.etc / "a2")]))
    assert str(scratch.etc / "d/b") in message
    assert "line 3 is wrong" in message
    assert (scratch.etc / "a").read_text() == "old"
    assert sorted(path.name for path in scratch.etc.iterdir()) == ["a"]
    assert scratch.leftovers() == []


def test_a_moved_aside_link_comes_back_when_a_validator_refuses(scratch) -> None:
    (scratch.etc / "d").symlink_to("/usr")
    files = [scratch.file("d/b", "x", validators=[("false",)])]
    failed(scratch.apply(files, [scratch.directory("d")]))
    assert (scratch.etc / "d").readlink() == Path("/usr")


def test_a_validator_sees_private_stages_under_their_own_names(scratch) -> None:
    script = 'stat -c "%a %n" -- "$1" "${1%/*}" >"$2"; ls "${1%/*}" >>"$2"'
    seen = scratch.root / "seen"
    check = ("sh", "-c", script, "sh", STAGE, str(seen))
    files = [scratch.file("a.service", "x", validators=[check]), scratch.file("a.timer", "y")]
    assert succeeded(scratch.apply(files))
    lines = seen.read_text().splitlines()
    assert lines[0].startswith("644 ")
    assert lines[0].endswith("/a.service")
    assert lines[1].startswith("700 ")
    assert lines[2:] == ["a.service", "a.timer"]


def test_a_full_disk_changes_nothing(scratch) -> None:
    (scratch.etc / "a").write_text("old")
    files = [scratch.file("a", "x" * 100_000)]
    message = failed(scratch.apply(files, before=lambda script: f"ulimit -f 16\n{script}"))
    assert "nothing was changed" in message
    assert (scratch.etc / "a").read_text() == "old"
    assert scratch.leftovers() == []


@pytest.mark.parametrize("part", [0, 1, 700, -5000])
def test_a_connection_that_breaks_changes_nothing(scratch, part: int) -> None:
    (scratch.etc / "a").write_text("old")
    script, stdin = scratch.command([scratch.file("a", "new\n" * 2000)])
    cut = stdin[:part]
    broken = subprocess.run(["sh", "-c", script], input=cut, capture_output=True, text=True)
    assert broken.returncode == 1
    assert "did not arrive whole" in broken.stderr
    assert (scratch.etc / "a").read_text() == "old"
    assert scratch.leftovers() == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_killed_run_leaves_whole_files_and_the_next_one_cleans_up(scratch, number: int) -> None:
    (scratch.etc / "a").write_text("old")
    waits = scratch.root / "waits"
    slow = scratch.file("a", "new", validators=[("sh", "-c", f": >'{waits}'; exec sleep 60 9>&-")])
    script, stdin = scratch.command([slow])
    with subprocess.Popen(
        # A shell cannot trap what its parent ignores, such as SIGHUP below nohup.
        ["env", "--default-signal", "sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as run:
        assert run.stdin
        run.stdin.write(stdin)
        run.stdin.close()
        while not waits.exists():
            time.sleep(0.02)
        os.killpg(run.pid, number)
    assert (scratch.etc / "a").read_text() == "old"
    if number == signal.SIGKILL:
        assert scratch.leftovers()
    assert succeeded(scratch.apply([scratch.file("a", "new")]))
    assert (scratch.etc / "a").read_text() == "new"
    assert scratch.leftovers() == []


def test_a_leftover_alone_is_cleaned_up(scratch) -> None:
    files = [scratch.file("a", "x")]
    assert succeeded(scratch.apply(files))
    (scratch.etc / ".ringfence.abcdefgh").mkdir()
    assert succeeded(scratch.apply(files))
    assert scratch.leftovers() == []
    assert scratch.command(files) is None


def test_a_missing_parent_is_named(scratch) -> None:
    message = failed(scratch.apply([scratch.file("nowhere/a", "x")]))
    assert str(scratch.etc / "nowhere/a") in message


def test_an_unknown_owner_changes_nothing(scratch) -> None:
    failed(scratch.apply([scratch.file("a", "x", owner="nobody-of-that-name")]))
    assert list(scratch.etc.iterdir()) == []


def test_a_content_never_shows_in_the_files_description() -> None:
    assert "secret" not in repr(File(path="/a", content="secret"))
