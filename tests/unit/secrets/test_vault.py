import os
import subprocess

import pytest

from ringfence.errors import UsageError
from ringfence.secrets import Vault, recipients

CANARY = "c4n4ry-9f1e07b2"


def test_what_is_written_is_read_and_is_not_in_the_file(vault):
    assert vault.secrets()["sip_password"].get_secret_value() == CANARY
    assert CANARY.encode() not in vault.path.read_bytes()
    assert vault.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in sorted(vault.path.parent.iterdir())] == [
        "secrets.recipients",
        "secrets.yml.age",
    ]


def test_an_ssh_key_opens_the_secrets(vault, ssh_identity):
    private, public = ssh_identity("bruno")
    vault.change_recipients(lambda known: recipients.with_added(known, "bruno", public))
    assert Vault(vault.path.parent, [private]).read() == vault.read()


def test_the_age_client_opens_the_file_and_reads_the_recipients(vault, ana, tmp_path):
    shown = subprocess.run(
        ["age", "-d", "-i", str(ana[0]), str(vault.path)], capture_output=True, check=True
    )
    assert shown.stdout == vault.read()
    by_age = ["age", "-R", str(vault.recipients_path), "-o", str(vault.path)]
    subprocess.run(by_age, input=b"from_age: 'x'\n", check=True)
    assert list(vault.secrets()) == ["from_age"]


def test_a_foreign_identity_is_told(vault, identity):
    foreign, _ = identity("mallory")
    with pytest.raises(UsageError, match="not encrypted to any of your identities"):
        Vault(vault.path.parent, [foreign]).read()


@pytest.mark.parametrize(
    "damage",
    [
        lambda sealed: sealed[:-40],
        lambda sealed: sealed[:60],
        lambda sealed: b"",
        lambda sealed: b"not age at all",
        lambda sealed: sealed[:250] + bytes([sealed[250] ^ 1]) + sealed[251:],
    ],
)
def test_a_damaged_file_is_told(vault, damage):
    vault.path.write_bytes(damage(vault.path.read_bytes()))
    with pytest.raises(UsageError, match=r"is damaged \(cut short, or changed\)"):
        vault.read()


def test_missing_secrets_are_told(site, ana):
    with pytest.raises(UsageError, match="`ringfence secrets edit` makes the file"):
        Vault(site, [ana[0]]).secrets()


def test_nothing_is_written_without_recipients(site, ana):
    with pytest.raises(UsageError, match="names nobody"):
        Vault(site, [ana[0]]).write(b"a: b\n", replacing=None)
    assert not (site / "secrets.yml.age").exists()


def test_nothing_is_written_that_its_writer_could_not_open(vault, identity):
    _, key = identity("bruno")
    before = vault.path.read_bytes()
    vault.change_recipients(lambda known: recipients.with_added(known, "bruno", key))
    with pytest.raises(UsageError, match="none of your identities could open the secrets again"):
        vault.change_recipients(lambda known: recipients.with_removed(known, "ana"))
    assert [each.owner for each in vault.recipients()] == ["ana", "bruno"]
    assert vault.path.read_bytes() != before
    assert len(vault.secrets()) == 1


def test_a_removed_recipient_opens_the_new_file_no_longer(vault, identity):
    path, key = identity("bruno")
    vault.change_recipients(lambda known: recipients.with_added(known, "bruno", key))
    assert len(Vault(vault.path.parent, [path]).secrets()) == 1
    vault.change_recipients(lambda known: recipients.with_removed(known, "bruno"))
    with pytest.raises(UsageError, match="not encrypted to any"):
        Vault(vault.path.parent, [path]).secrets()


def test_a_wrong_text_leaves_the_old_file(vault):
    before = vault.path.read_bytes()
    with pytest.raises(UsageError, match="single quotes"):
        vault.write(b"a: 'b", replacing=before)
    assert vault.path.read_bytes() == before


def test_a_change_of_somebody_else_is_not_overwritten(vault):
    before = vault.sealed()
    vault.write(b"a: b\n", replacing=before)
    with pytest.raises(UsageError, match="changed by somebody else"):
        vault.write(b"c: d\n", replacing=before)
    assert list(vault.secrets()) == ["a"]


def test_a_failed_replacement_leaves_the_old_file_and_no_stage(vault, monkeypatch):
    before = vault.path.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        vault.write(b"a: b\n", replacing=before)
    assert vault.path.read_bytes() == before
    assert len(list(vault.path.parent.iterdir())) == 2
