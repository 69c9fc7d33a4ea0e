from pathlib import Path

import pytest

from ringfence.errors import ToolError, UsageError
from ringfence.secrets import identities

OPEN = Path.open


def test_named_files_come_before_the_variable_and_the_defaults(monkeypatch, tmp_path, identity):
    (named, _), (by_variable, _) = identity("named"), identity("variable")
    home = tmp_path / "home/.ssh"
    home.mkdir(parents=True)
    (home / "id_ed25519").write_text("x")
    assert identities.files() == [home / "id_ed25519"]
    monkeypatch.setenv("RINGFENCE_IDENTITY", f"{by_variable}:{named}")
    assert identities.files() == [by_variable, named]
    assert identities.files([named]) == [named]


def test_no_identity_at_all_names_the_ways_to_give_one():
    with pytest.raises(UsageError, match="give --identity FILE, set RINGFENCE_IDENTITY"):
        identities.files()


def test_a_missing_identity_is_told(tmp_path):
    with pytest.raises(UsageError, match="no such identity file"):
        identities.files([tmp_path / "gone"])


@pytest.mark.parametrize(
    "content",
    [
        "",
        "# only a comment\n",
        "AGE-SECRET-KEY-1QQQQ",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nQQQQ\n-----END OPENSSH PRIVATE KEY-----",
    ],
)
def test_what_is_no_identity_is_told_without_its_content(tmp_path, content):
    path = tmp_path / "identity"
    path.write_text(content)
    with pytest.raises(UsageError, match="is no ") as raised:
        list(identities.opened([path]))
    assert "QQQQ" not in str(raised.value)


def test_a_passphrase_needs_a_terminal_and_is_asked_for_last(monkeypatch, ana, ssh_identity):
    protected, _ = ssh_identity("protected", "correct horse")
    found = identities.opened([protected, ana[0]])
    next(found)
    monkeypatch.setattr("pathlib.Path.open", _without_terminal)
    with pytest.raises(ToolError, match="no terminal to ask for it"):
        next(found)


def test_a_passphrase_opens_the_key_in_memory(monkeypatch, ssh_identity, vault):
    protected, key = ssh_identity("protected", "correct horse")
    from ringfence.secrets import Vault, recipients

    vault.change_recipients(lambda known: recipients.with_added(known, "bruno", key))
    monkeypatch.setattr("pathlib.Path.open", _with_terminal)
    monkeypatch.setattr("getpass.getpass", lambda _prompt: "wrong")
    with pytest.raises(UsageError, match="the passphrase does not open"):
        Vault(vault.path.parent, [protected]).read()
    monkeypatch.setattr("getpass.getpass", lambda _prompt: "correct horse")
    assert Vault(vault.path.parent, [protected]).read() == vault.read()


def _without_terminal(path, *arguments, **options):
    if str(path) == "/dev/tty":
        raise OSError(6, "No such device or address")
    return OPEN(path, *arguments, **options)


def _with_terminal(path, *arguments, **options):
    return OPEN(Path("/dev/null") if str(path) == "/dev/tty" else path, *arguments, **options)
