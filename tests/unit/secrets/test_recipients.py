import subprocess

import pytest

from ringfence.errors import UsageError
from ringfence.secrets import recipients
from ringfence.secrets.recipients import Recipient


def test_the_file_is_read_as_it_is_written(identity, ssh_identity):
    _, age = identity("ana")
    _, ssh = ssh_identity("bruno")
    known = recipients.with_added(recipients.with_added([], "ana", age), "bruno", ssh)
    assert [each.owner for each in known] == ["ana", "bruno"]
    assert recipients.parse(recipients.written(known), "f") == known


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{key}", "f:1: the key needs a line `# owner: NAME` above it"),
        ("# owner: Ana Ruiz\n{key}", "needs a line"),
        ("# owner: ../x\n{key}", "not a login name"),
        ("# owner: ana\n{key}\n# owner: ana\n{key}", "twice"),
        ("# owner: ana\n{key}x", "not an age public key"),
        ("# owner: ana\nssh-rsa AAAA", "neither an age public key"),
        ("# owner: ana\nssh-ed25519 AAAA", "is not a public key"),
        ("# owner: ana\nAGE-SECRET-KEY-1QQQ", "PRIVATE key"),
    ],
)
def test_a_wrong_line_is_told(identity, text, sentence):
    _, key = identity("ana")
    with pytest.raises(UsageError, match=sentence) as raised:
        recipients.parse(text.format(key=key), "f")
    assert "QQQ" not in str(raised.value)


def test_a_mistyped_character_is_found(identity):
    _, key = identity("ana")
    wrong = key[:-1] + ("q" if key[-1] != "q" else "p")
    with pytest.raises(ValueError, match="a character is mistyped"):
        recipients.public_key(wrong)


def test_a_key_is_added_once(identity):
    _, key = identity("ana")
    with pytest.raises(UsageError, match="recipient already, as ana's"):
        recipients.with_added([Recipient("ana", key)], "bruno", key)


def test_removal_is_by_owner_or_key_and_leaves_somebody(identity):
    (_, first), (_, second), (_, third) = (identity(name) for name in ("a", "b", "c"))
    known = [Recipient("ana", first), Recipient("ana", second), Recipient("bruno", third)]
    assert recipients.with_removed(known, "ana") == known[2:]
    assert recipients.with_removed(known, first) == known[1:]
    with pytest.raises(UsageError, match="last recipient"):
        recipients.with_removed(known[2:], "bruno")
    with pytest.raises(UsageError, match="did you mean 'bruno'"):
        recipients.with_removed(known, "brun")


def test_an_ssh_key_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", str(path)],
        check=True,
    )
    with pytest.raises(ValueError, match="neither an age"):
        recipients.public_key(path.with_suffix(".pub").read_text())
