import pytest

from ringfence.errors import MissingToolsError
from ringfence.lab import tools


@pytest.fixture
def nothing(monkeypatch):
    monkeypatch.setattr(tools.shutil, "which", lambda *_, **__: None)


def test_what_is_missing_is_named_by_its_debian_packages(nothing):
    assert {"mmdebstrap", "qemu-system-x86", "qemu-utils"} <= tools.missing_packages(["machine"])
    assert "systemd-container" not in tools.missing_packages(["machine"])
    assert "systemd-container" in tools.missing_packages(["container"])


def test_the_error_says_what_to_install(nothing):
    with pytest.raises(MissingToolsError, match=r"apt-get install .*systemd-container"):
        tools.require_tools({"container"})


def test_nothing_is_missing_where_everything_is(monkeypatch):
    monkeypatch.setattr(tools.shutil, "which", lambda *_, **__: "/usr/bin/x")
    monkeypatch.setattr(tools, "FILES", {})
    assert tools.missing_packages(["machine", "container"]) == set()
    tools.require_tools(["machine"])
