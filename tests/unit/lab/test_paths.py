import pytest

from ringfence.errors import ToolError
from ringfence.lab.paths import LabPaths, cache_dir


@pytest.fixture
def paths(monkeypatch, tmp_path):
    runtime = tmp_path / "run"
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    return LabPaths(tmp_path / ("a-long-name" * 8))


def test_the_cache_follows_the_xdg_folders(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "ringfence/images"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/x")
    assert str(cache_dir()) == "/home/x/.cache/ringfence/images"


def test_every_folder_is_private(paths):
    paths.make()
    for folder in (paths.state, paths.sockets, paths.state / "logs"):
        assert folder.stat().st_mode & 0o77 == 0


def test_a_long_site_name_does_not_lengthen_the_sockets(paths):
    assert len(paths.identifier) == 10
    assert "a-long-name" not in str(paths.sockets)


def test_labs_differ_by_their_sites(tmp_path):
    assert LabPaths(tmp_path / "a").identifier != LabPaths(tmp_path / "b").identifier


def test_a_folder_for_sockets_that_is_open_to_others_is_refused(paths):
    paths.sockets.mkdir()
    paths.sockets.chmod(0o777)
    with pytest.raises(ToolError, match="not a private folder"):
        paths.make()


def test_a_link_in_place_of_the_folder_is_refused(paths, tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    paths.sockets.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ToolError, match="not a private folder"):
        paths.make()
