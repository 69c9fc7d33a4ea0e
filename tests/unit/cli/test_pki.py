"""``ringfence pki``: what each command prints, and its exit codes."""

import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

import ringfence.cli


@pytest.fixture
def site(sealed_site):
    """A site with secrets that this user can open, and without an authority."""
    return sealed_site


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


def test_what_is_due_is_renewed_and_all_of_it_when_asked(site, request_file, capsys):
    run(capsys, "init", site)
    run(capsys, "issue", site, "pbx1", request_file)
    assert run(capsys, "renew", site)[:2] == (0, "no certificate is due\n")
    code, said, _ = run(capsys, "renew", site, "--early", "--limit", "pbx1")
    assert code == 0
    assert said.startswith("pbx1: ")
    assert said.endswith("apply puts them on the hosts\n")
    _, said, _ = run(capsys, "list", site, "--json")
    first, second = json.loads(said)["certificates"]
    assert (first["key"], first["names"]) == (second["key"], second["names"])


def test_what_is_renewed_and_revoked_are_documents_too(site, request_file, capsys):
    run(capsys, "init", site)
    run(capsys, "issue", site, "pbx1", request_file)
    assert json.loads(run(capsys, "renew", site, "--json")[1]) == {"renewed": []}
    code, said, _ = run(capsys, "renew", site, "--early", "--json")
    (renewed,) = json.loads(said)["renewed"]
    assert (code, renewed["host"], renewed["state"]) == (0, "pbx1", "good")
    code, said, _ = run(capsys, "revoke", site, "pbx1", "--json")
    revoked = json.loads(said)["revoked"]
    assert (code, len(revoked)) == (0, 2)
    assert revoked[1]["serial"] == renewed["serial"]
    assert {(one["state"], one["reason"]) for one in revoked} == {("revoked", "key-compromise")}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("list",), "the site has no authority yet"),
        (("renew",), "the site has no authority yet"),
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
