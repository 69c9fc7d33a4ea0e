import os
import signal
import subprocess
import sys
import time

import pytest

from ringfence.errors import ToolError, UsageError
from ringfence.secrets.editing import PREFIX, edit, in_memory, private_folder


def refuse_bad(text):
    if b"bad" in text:
        raise UsageError("it is bad")


def run(content=b"a: b\n", again=lambda _fault: False):
    return edit(content, refuse_bad, again, warn=lambda _warning: None)


def test_the_edited_text_is_returned_and_nothing_is_left(editor, memory):
    editor('stat -c \'%a\' "$1" "${1%/*}" > $XDG_RUNTIME_DIR/modes; echo \'c: d\' >> "$1"')
    assert run() == b"a: b\nc: d\n"
    assert (memory / "modes").read_text().split() == ["600", "700"]
    assert not list(memory.glob(f"{PREFIX}*"))


def test_a_wrong_text_may_be_edited_again(editor, memory):
    editor('grep -q bad "$1" && echo good > "$1" || echo bad > "$1"')
    told = []
    assert run(again=lambda fault: told.append(fault) or True) == b"good\n"
    assert told == ["it is bad"]
    with pytest.raises(UsageError, match="it is bad"):
        run()
    assert not list(memory.glob(f"{PREFIX}*"))


@pytest.mark.parametrize(
    ("script", "sentence"),
    [("exit 3", "ended with 3"), ('rm "$1"', "left no file"), ("kill -INT $$", "ended with -2")],
)
def test_a_failed_editor_changes_nothing(editor, memory, script, sentence):
    editor(script)
    with pytest.raises(ToolError, match=sentence):
        run()
    assert not list(memory.glob(f"{PREFIX}*"))


def test_a_missing_editor_is_told(monkeypatch, memory):
    monkeypatch.setenv("VISUAL", "/nowhere/editor --wait")
    with pytest.raises(ToolError, match="can't be started: set EDITOR"):
        run()


def test_a_disk_is_warned_of(monkeypatch, tmp_path):
    monkeypatch.setattr("ringfence.secrets.editing.in_memory", lambda _path: False)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    told = []
    with private_folder(told.append) as folder:
        assert folder.parent == tmp_path
    assert "while you edit it" in told[0]


def test_what_a_killed_run_left_is_swept(memory):
    dead = memory / f"{PREFIX}4999999.abc"
    alive = memory / f"{PREFIX}{os.getpid()}.abc"
    for folder in (dead, alive):
        folder.mkdir()
        (folder / "secrets.yml").write_text("x")
    with private_folder(print):
        pass
    assert (dead.exists(), alive.exists()) == (False, True)


def test_the_mount_decides_whether_a_place_is_in_memory(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "1 0 0:1 / / rw - ext4 /dev/x rw\n"
        "2 1 0:2 / /run rw shared:1 - tmpfs tmpfs rw\n"
        "3 2 0:3 / /run/disk rw - ext4 /dev/y rw\n"
    )
    places = ["/run/user/1000", "/run/disk/x", "/runner", "/home"]
    assert [in_memory(type(tmp_path)(place), mounts) for place in places] == [
        True,
        False,
        False,
        False,
    ]


EDIT = """
import sys
from ringfence.secrets import editing
editing.in_memory = lambda path: True
editing.edit(b"a: secret", lambda text: None, lambda fault: False, print)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_removes_the_file(editor, memory, number):
    editor("echo ready > $XDG_RUNTIME_DIR/ready; exec sleep 60")
    running = subprocess.Popen([sys.executable, "-c", EDIT], start_new_session=True)
    deadline = time.monotonic() + 30
    while not (memory / "ready").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(memory.glob(f"{PREFIX}*/secrets.yml"))
    if number == signal.SIGINT:
        os.killpg(running.pid, number)  # Ctrl-C reaches the editor too
    else:
        running.send_signal(number)
    assert running.wait(timeout=30) != 0
    assert not list(memory.glob(f"{PREFIX}*"))
