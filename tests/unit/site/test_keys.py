import base64
import contextlib
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from ringfence.site.keys import parse_public_key, read_public_key


def public(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def rsa_key(bits: int) -> str:
    """Any odd number of so many bits makes a public key; nobody has its private half."""
    return public(rsa.RSAPublicNumbers(65537, (1 << bits) - 1).public_key())


def field(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


def security_key() -> str:
    name = b"sk-ssh-ed25519@openssh.com"
    blob = field(name) + field(b"k" * 32) + field(b"ssh:")
    return f"{name.decode()} {base64.b64encode(blob).decode()}"


def test_a_key_is_split_into_its_parts(key: str) -> None:
    found = parse_public_key(f"{key} ana's  laptop ")
    assert found.line == key
    assert found.comment == "ana's  laptop"
    assert found.fingerprint.startswith("SHA256:")


def test_the_fingerprint_is_that_of_ssh_keygen(key: str, tmp_path: Path) -> None:
    path = tmp_path / "key.pub"
    path.write_text(key)
    printed = subprocess.run(
        ["ssh-keygen", "-lf", path], capture_output=True, text=True, check=True
    )
    assert read_public_key(path).fingerprint == printed.stdout.split()[1]


def test_good_keys_of_every_kind_are_taken() -> None:
    for text in (
        rsa_key(3072),
        public(ec.generate_private_key(ec.SECP256R1()).public_key()),
        public(ec.generate_private_key(ec.SECP521R1()).public_key()),
        security_key(),
    ):
        assert parse_public_key(text).line == text


def test_a_short_rsa_key_is_refused_with_its_length() -> None:
    with pytest.raises(
        ValueError, match="RSA key of 2048 bits; use ssh-ed25519, or 3072 bits or more"
    ):
        parse_public_key(rsa_key(2048))


def test_a_dsa_key_is_refused() -> None:
    with pytest.raises(ValueError, match="is a DSA key"):
        parse_public_key("ssh-dss AAAAB3NzaC1kc3MAAACBAP x")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        "ssh-ed25519 !!!!",
        "sk-ssh-ed25519@openssh.com AAAA",
        'from="10.0.0.1" ssh-ed25519 AAAA',
        "ssh-ed25519 AAAA\nssh-ed25519 AAAA",
        "ssh-ed25519-cert-v01@openssh.com AAAA",
    ],
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be one line|is not a public key|is a certificate"):
        parse_public_key(text)


def test_a_key_under_a_false_name_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="is not a public key"):
        parse_public_key(f"ssh-rsa {key.split()[1]}")


def test_a_key_with_something_behind_it_is_refused(key: str) -> None:
    blob = base64.b64encode(base64.b64decode(key.split()[1]) + b"more").decode()
    with pytest.raises(ValueError, match="is not a public key"):
        parse_public_key(f"ssh-ed25519 {blob}")


def test_a_private_key_is_refused_and_not_repeated() -> None:
    private = ed25519.Ed25519PrivateKey.generate()
    text = private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    for pasted in (text, " ".join(text.split("\n")), text.splitlines()[1]):
        with pytest.raises(ValueError, match="holds a PRIVATE key") as error:
            parse_public_key(pasted)
        assert text.splitlines()[1][:20] not in str(error.value)


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pub"
    path.write_bytes(b"a" * 20000)
    with pytest.raises(ValueError, match="is too large"):
        read_public_key(path)
    with pytest.raises(OSError, match="No such file"):
        read_public_key(tmp_path / "missing.pub")


@given(
    st.text(max_size=200)
    | st.binary(max_size=150).map(lambda b: f"ssh-rsa {base64.b64encode(b).decode()}")
)
def test_any_text_is_a_key_or_a_clean_refusal(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert parse_public_key(text).fingerprint
