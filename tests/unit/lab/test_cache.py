import os
import threading
import time

import pytest

from ringfence.errors import ToolError
from ringfence.lab import cache


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_two_at_once_build_once():
    began, built = threading.Barrier(2), []

    def build(folder, _):
        built.append(folder)
        (folder / "file").write_text("x")

    def ensure():
        began.wait()
        assert (cache.ensure("one", build) / "file").read_text() == "x"

    threads = [threading.Thread(target=ensure) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(built) == 1


def test_what_an_interrupted_build_left_is_removed():
    folder = cache.cache_dir() / ".one.abc"
    folder.mkdir(parents=True)
    other = cache.cache_dir() / ".one-more.abc"
    other.mkdir()
    cache.ensure("one", lambda *_: None)
    assert not folder.exists()
    assert other.exists()


def test_an_interrupt_leaves_no_folder():
    def build(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.ensure("one", build)
    assert [path.name for path in cache.cache_dir().iterdir()] == ["one.lock"]


def test_a_mount_point_is_never_removed_through(monkeypatch, tmp_path):
    (tmp_path / "in use/sys").mkdir(parents=True)
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text(
        f"27 1 0:27 / / rw - ext4 /dev/vda rw\n"
        f"28 27 0:28 / {tmp_path}/in\\040use/sys rw - sysfs sys rw\n"
    )
    found = cache.mounts_below(tmp_path / "in use", mountinfo)
    assert found == [f"{tmp_path}/in use/sys"]
    monkeypatch.setattr(cache, "mounts_below", lambda _: found)
    with pytest.raises(ToolError, match="umount it first"):
        cache.remove(tmp_path / "in use")
    assert (tmp_path / "in use/sys").exists()


def test_what_nobody_used_for_a_month_is_removed_when_something_is_built():
    for name in ("old", "used"):
        cache.ensure(name, lambda *_: None)
        month_ago = time.time() - 31 * 24 * 3600
        os.utime(cache.cache_dir() / name, (month_ago, month_ago))
    cache.ensure("used", lambda *_: None)
    cache.ensure("new", lambda *_: None)
    folders = {path.name for path in cache.cache_dir().iterdir() if path.is_dir()}
    assert folders == {"used", "new"}
