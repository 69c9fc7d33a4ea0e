"""``ringfence pki``: what each command prints, and its exit codes."""

import json
import shutil

import pyrage
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

import ringfence.cli
from ringfence.site.sampling import SAMPLE


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site with secrets that this user can open, and without an authority."""
    monkeypatch.setenv("HOME", str(tmp_path))
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "identity").write_text(f"{identity}\n")
    monkeypatch.setenv("RINGFENCE_IDENTITY", str(tmp_path / "identity"))
    path = tmp_path / "site"
    shutil.copytree(SAMPLE, path)
    (path / "secrets.recipients").write_text(f"# owner: ana\n{identity.to_public()}\n")
    return path


@pytest.fixture
def request_file(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    path = tmp_path / "host.csr"
    path.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    return path


def run(capsys, *arguments):
    code = ringfence.cli.run(["pki", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_certificates_life(site, request_file, capsys):
    code, said, told = run(capsys, "init", site)
    assert code == 0
    assert "PRIVATE" not in said + told
    assert "its key is among the secrets" in said
    code, pem, _ = run(capsys, "issue", site, "pbx1", request_file)
    assert code == 0
    serial = f"{x509.load_pem_x509_certificate(pem.encode()).serial_number:x}"
    code, said, _ = run(capsys, "list", site)
    assert said.startswith("pbx1  good  until ")
    assert serial in said
    code, said, _ = run(capsys, "revoke", site, serial, "--reason", "superseded")
    assert (code, said) == (0, f"pbx1: {serial} is revoked\n")
    code, said, _ = run(capsys, "list", site, "--json")
    (entry,) = json.loads(said)["certificates"]
    assert (entry["state"], entry["reason"]) == ("revoked", "superseded")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("list",), "the site has no authority yet"),
        (("issue", "pbx1", "{request}"), "the site has no authority yet"),
        (("issue", "pbx9", "{request}"), "pbx9"),
        (("issue", "pbx1", "missing.csr"), "missing.csr"),
        (("issue", "pbx1", "/"), "/"),
        (("issue", "pbx1", "/dev/zero"), "the site has no authority yet"),
        (("revoke", "pbx1"), "the site has no authority yet"),
    ],
)
def test_wrong_calls_are_told_in_a_sentence(site, request_file, capsys, arguments, sentence):
    verb, *rest = arguments
    code, out, said = run(capsys, verb, site, *(one.format(request=request_file) for one in rest))
    assert (code, out) == (4, "")
    assert sentence in said
    assert "Traceback" not in said
