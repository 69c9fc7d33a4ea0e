from pathlib import Path

import pytest

from ringfence.errors import ToolError
from ringfence.lab import container


def test_a_small_inotify_limit_is_raised_once(tmp_path):
    limit = tmp_path / "limit"
    limit.write_text("128\n")
    assert container.raise_inotify_limit(limit)
    assert not container.raise_inotify_limit(limit)
    assert int(limit.read_text()) == container.ENOUGH_INOTIFY


@pytest.mark.parametrize(
    ("mounts", "expected"),
    [
        ("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n", "/sys/fs/cgroup"),
        (
            "tmpfs /sys/fs/cgroup tmpfs rw 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n",
            "/sys/fs/cgroup/unified",
        ),
        ("tmpfs / tmpfs rw 0 0\n", None),
    ],
)
def test_cgroup_version_2_is_found_wherever_it_is_mounted(monkeypatch, mounts, expected):
    monkeypatch.setattr(Path, "read_text", lambda _: mounts)
    if expected:
        assert container.cgroup_root() == Path(expected)
    else:
        with pytest.raises(ToolError, match="mount -t cgroup2"):
            container.cgroup_root()


def test_the_layers_of_a_stopped_container_go_and_its_keys_stay(tmp_path):
    (tmp_path / "upper/etc").mkdir(parents=True)
    (tmp_path / "ssh_host_ed25519_key").write_text("key")
    container.remove_layers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["ssh_host_ed25519_key"]


def test_removing_no_cgroup_is_no_error(tmp_path):
    container.remove_cgroup(tmp_path / "none")
