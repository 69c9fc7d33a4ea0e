import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ringfence.archive.keys import key_name, load_keys, parse_keys, signed_by
from ringfence.errors import UsageError


def pem(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_several_keys_are_read_by_name():
    keys = [Ed25519PrivateKey.generate() for _ in range(2)]
    found = parse_keys(b"a note\n" + b"".join(map(pem, keys)), "x.pem")
    assert set(found) == {key_name(key.public_key()) for key in keys}
    assert signed_by(found[key_name(keys[0].public_key())], keys[0].sign(b"a").hex(), b"a")
    assert not signed_by(found[key_name(keys[1].public_key())], keys[0].sign(b"a").hex(), b"a")
    assert not signed_by(keys[0].public_key(), "zz", b"a")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "x.pem holds no public key"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "no Ed25519 public key"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "no Ed25519"),
    ],
)
def test_what_is_no_key_is_told(text, sentence):
    with pytest.raises(UsageError, match=sentence):
        parse_keys(text, "x.pem")


def test_a_missing_file_says_how_to_get_it(tmp_path):
    with pytest.raises(UsageError, match="ringfence logs trust"):
        load_keys(tmp_path / "x.pem")
