"""``ringfence secrets``: what each command says, and its exit code."""

import json
import shutil

import pyrage
import pytest

import ringfence.cli

CANARY = "c4n4ry-9f1e07b2"
EDITED = f"sip_password: '{CANARY}'"


@pytest.fixture
def identities(tmp_path, monkeypatch):
    """Two identities, ana's in use; return their files and public keys by owner."""
    monkeypatch.setenv("HOME", str(tmp_path))
    made = {}
    for name in ("ana", "bruno"):
        identity = pyrage.x25519.Identity.generate()
        path = tmp_path / name
        path.write_text(f"{identity}\n")
        made[name] = (path, str(identity.to_public()))
    monkeypatch.setenv("RINGFENCE_IDENTITY", str(made["ana"][0]))
    return made


@pytest.fixture
def site(tmp_path, identities):
    from pathlib import Path

    example = Path(ringfence.cli.__file__).parents[1] / "site/sample"
    path = tmp_path / "site"
    shutil.copytree(example, path)
    return path


@pytest.fixture
def secrets(site, capsys, monkeypatch, tmp_path):
    """Run a subcommand on the site; return exit code and output."""

    def run(command, *arguments, edited=None):
        if edited is not None:
            script = tmp_path / "editor"
            script.write_text(f"#!/bin/sh\ncat > \"$1\" <<'END'\n{edited}\nEND\n")
            script.chmod(0o755)
            monkeypatch.setenv("VISUAL", str(script))
        code = ringfence.cli.run(["secrets", command, str(site), *arguments])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run


@pytest.fixture
def filled(secrets, identities):
    assert secrets("add-recipient", "--owner", "ana", identities["ana"][1])[0] == 0
    assert secrets("edit", edited=EDITED)[0] == 0
    return secrets


def test_an_edit_needs_a_recipient_before_the_editor_opens(secrets):
    code, said = secrets("edit", edited=EDITED)
    assert (code, "names nobody: `ringfence secrets add-recipient`" in said) == (4, True)


def test_names_are_shown_and_a_value_when_it_is_asked_for(filled):
    assert filled("show") == (0, "sip_password\n")
    assert filled("show", "--reveal", "sip_password") == (0, f"{CANARY}\n")
    code, said = filled("show", "--reveal", "sip_pasword")
    assert (code, "did you mean 'sip_password'" in said) == (4, True)


def test_a_document_has_names_and_never_a_value(filled):
    code, said = filled("show", "--json")
    assert (code, json.loads(said)) == (0, {"secrets": ["sip_password"]})
    code, said = filled("show", "--json", "--reveal", "sip_password")
    assert (code, CANARY in said, "--json lists names" in said) == (4, False, True)


def test_a_wrong_edit_keeps_the_old_secrets_and_shows_nothing(filled):
    code, said = filled("edit", edited=f"sip_password: '{CANARY}")
    assert (code, CANARY in said) == (4, False)
    assert filled("show") == (0, "sip_password\n")


def test_an_edit_that_changes_nothing_writes_nothing(filled, site):
    before = (site / "secrets.yml.age").read_bytes()
    assert filled("edit", edited=EDITED) == (0, "nothing was changed\n")
    assert (site / "secrets.yml.age").read_bytes() == before


def test_recipients_come_and_go(filled, identities, site):
    path, key = identities["bruno"]
    assert filled("show", "--identity", str(path))[0] == 4
    (site / "bruno.pub").write_text(key)
    code, said = filled("add-recipient", "--owner", "bruno", str(site / "bruno.pub"))
    assert (code, said) == (0, "bruno can open the secrets\n")
    assert filled("show", "--identity", str(path))[0] == 0
    code, said = filled("remove-recipient", "bruno")
    assert (code, "may have kept a copy: change the values" in said) == (0, True)
    code, said = filled("show", "--identity", str(path))
    assert (code, "not encrypted to any of your identities" in said) == (4, True)


def test_the_last_recipient_stays(filled):
    code, said = filled("remove-recipient", "ana")
    assert (code, "that is the last recipient" in said) == (4, True)


def test_ones_own_key_stays(filled, identities):
    filled("add-recipient", "--owner", "bruno", identities["bruno"][1])
    code, said = filled("remove-recipient", "ana")
    assert (code, "keep a key of your own" in said) == (4, True)


def test_an_owner_must_be_one_of_the_people(secrets, identities):
    code, said = secrets("add-recipient", "--owner", "anna", identities["ana"][1])
    assert (code, "did you mean 'ana'" in said) == (4, True)


def test_rotate_follows_a_change_of_the_file_by_hand(filled, identities, site):
    path, key = identities["bruno"]
    with (site / "secrets.recipients").open("a") as file:
        file.write(f"# owner: bruno\n{key}\n")
    code, said = filled("rotate")
    assert (code, "can be opened by ana, bruno" in said) == (0, True)
    assert "change the values" in said
    assert filled("show", "--identity", str(path))[0] == 0


def test_a_failed_editor_is_3(filled, monkeypatch):
    monkeypatch.setenv("VISUAL", "false")
    code, said = filled("edit")
    assert (code, "the editor ended with 1: nothing was changed" in said) == (3, True)
