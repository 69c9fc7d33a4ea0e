"""What tests of several folders need."""

import shutil

import pyrage
import pytest

from ringfence.site.sampling import SAMPLE


@pytest.fixture
def sealed_site(tmp_path, monkeypatch):
    """The folder of a sample site, whose secrets this user may keep and open; it has none yet."""
    monkeypatch.setenv("HOME", str(tmp_path))
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "identity").write_text(f"{identity}\n")
    monkeypatch.setenv("RINGFENCE_IDENTITY", str(tmp_path / "identity"))
    path = tmp_path / "site"
    shutil.copytree(SAMPLE, path)
    (path / "secrets.recipients").write_text(f"# owner: ana\n{identity.to_public()}\n")
    return path
