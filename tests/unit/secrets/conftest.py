import os
import subprocess

import pyrage
import pytest

from ringfence.secrets import Vault

CANARY = "c4n4ry-9f1e07b2"


@pytest.fixture(autouse=True)
def no_identity_of_this_machine(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RINGFENCE_IDENTITY", raising=False)


@pytest.fixture
def identity(tmp_path):
    """Make an age identity; return its file and its public key."""

    def make(name):
        made = pyrage.x25519.Identity.generate()
        path = tmp_path / f"{name}.identity"
        path.write_text(f"# created for a test\n{made}\n")
        return path, str(made.to_public())

    return make


@pytest.fixture
def ssh_identity(tmp_path):
    def make(name, passphrase=""):
        path = tmp_path / f"id_{name}"
        arguments = ["-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", str(path)]
        subprocess.run(["ssh-keygen", *arguments], check=True)
        return path, path.with_suffix(".pub").read_text().strip()

    return make


@pytest.fixture
def site(tmp_path):
    path = tmp_path / "site"
    path.mkdir()
    return path


@pytest.fixture
def ana(identity):
    return identity("ana")


@pytest.fixture
def vault(site, ana):
    """A site with one secret, which ana can open."""
    path, key = ana
    (site / "secrets.recipients").write_text(f"# owner: ana\n{key}\n")
    made = Vault(site, [path])
    made.write(f"sip_password: '{CANARY}'\n".encode(), replacing=None)
    return made


@pytest.fixture
def editor(monkeypatch, tmp_path):
    """Set $EDITOR to a script, in which $1 is the file."""

    def use(script):
        path = tmp_path / "editor"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.delenv("VISUAL", raising=False)
        monkeypatch.setenv("EDITOR", str(path))

    return use


@pytest.fixture
def memory(monkeypatch, tmp_path):
    """Keep private folders in a folder of the test's; return it."""
    path = tmp_path / "memory"
    path.mkdir()
    monkeypatch.setattr("ringfence.secrets.editing.in_memory", lambda place: place == path)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(path))
    assert os.access(path, os.W_OK)
    return path
