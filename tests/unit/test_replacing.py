from pathlib import Path

import pytest

from ringfence.replacing import replace


def mode(path):
    return path.stat().st_mode & 0o777


def test_a_new_file_has_the_mode_that_was_asked_and_an_old_one_keeps_its_own(tmp_path):
    path = tmp_path / "file"
    replace(path, b"one", mode=0o640)
    assert (path.read_bytes(), mode(path)) == (b"one", 0o640)
    replace(path, b"two", mode=0o644)
    assert (path.read_bytes(), mode(path)) == (b"two", 0o640)


def test_an_interruption_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    replace(path, b"one")
    monkeypatch.setattr(Path, "replace", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        replace(path, b"two")
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"one"]
