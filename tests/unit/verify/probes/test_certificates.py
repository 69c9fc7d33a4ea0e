"""What is read of a host's certificate: files of this machine, made by the site's authority."""

import shlex
import subprocess
from datetime import timedelta
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ringfence.pki.authority import Authority, Reason
from ringfence.pki.issuing import Issuing
from ringfence.pki.lifetime import utc_now
from ringfence.site import load_site
from ringfence.verify.probes import certificates as module

NOW = utc_now()


class ThisMachine:
    """A host of testinfra's that is this machine."""

    def run(self, command, *arguments):
        words = tuple(map(shlex.quote, arguments))
        script = command % words if words else command
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True)
        return SimpleNamespace(stdout=done.stdout, rc=done.returncode)

    def check_output(self, command):
        return self.run(command).stdout.strip()


def pem(one):
    return one.public_bytes(Encoding.PEM).decode()


def request(key):
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture
def host():
    return ThisMachine()


@pytest.fixture
def key():
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def site(sealed_site):
    loaded = load_site(sealed_site)
    Issuing(loaded).begin()
    return loaded


@pytest.fixture
def issued(site, key):
    return Issuing(site).issue(site.host("pbx1"), request(key))


@pytest.fixture
def place(tmp_path, monkeypatch, site, issued, key):
    """A folder with what a host has."""
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setattr(module, "PLACE", str(folder))
    files = Issuing(site).files
    (folder / "ca.pem").write_bytes(files.authority.read_bytes())
    (folder / "crl.pem").write_bytes(files.revoked.read_bytes())
    (folder / "host.pem").write_text(pem(issued))
    written = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "host.key").write_bytes(written)
    return folder


def test_a_certificate_says_whose_it_is(host, place, site, issued):
    (found,) = module.certificates(host, "host.pem")
    assert found.sha256 == issued.fingerprint(hashes.SHA256()).hex()
    assert found.names == ["pbx1", site.host("pbx1").address]
    assert found.key == "P-256"
    assert found.ends == issued.not_valid_after_utc.timestamp()
    assert found.is_signed_by(module.authority(site.path))


def test_all_certificates_of_a_file_are_read(host, place, site):
    other = Authority.new("other", NOW)
    with (place / "ca.pem").open("a") as file:
        file.write(f"# added\n{pem(other.certificate)}")
    found = module.certificates(host, "ca.pem")
    assert [one.names for one in found] == [
        [f"{site.name} authority"],
        ["other authority"],
    ]
    assert found[0] == module.authority(site.path)


def test_a_damaged_certificate_is_none(host, place):
    (place / "host.pem").write_text(f"{module.BEGIN}\nMIIB\n-----END CERTIFICATE-----\n")
    assert module.certificates(host, "host.pem") == []
    (place / "host.pem").unlink()
    assert module.certificates(host, "host.pem") == []


def test_another_authority_did_not_sign_it(host, place):
    (found,) = module.certificates(host, "host.pem")
    other = Authority.new("center", NOW).certificate
    assert not found.is_signed_by(module.Certificate.of(pem(other)))


@pytest.mark.parametrize("purpose", ["sslserver", "sslclient"])
def test_openssl_takes_what_the_authority_made(host, place, purpose):
    assert module.verdict(host, purpose) == "OK"


def test_openssl_says_why_it_does_not(host, place, site, key):
    Issuing(site).revoke("pbx1", Reason.SUPERSEDED)
    (place / "crl.pem").write_bytes(Issuing(site).files.revoked.read_bytes())
    assert "certificate revoked" in module.verdict(host, "sslserver")
    other = Authority.new("other", NOW)
    (place / "host.pem").write_text(pem(other.issue(request(key), "pbx1", "pbx1", NOW)))
    assert "unable to get local issuer" in module.verdict(host, "sslserver")
    (place / "crl.pem").unlink()
    assert module.verdict(host, "sslserver") != "OK"


def test_the_key_is_compared_by_its_public_half(host, place):
    (found,) = module.certificates(host, "host.pem")
    assert module.key_digest(host) == found.key_sha256
    (place / "host.key").write_text("no key")
    assert module.key_digest(host) == "unreadable"
    (place / "host.key").unlink()
    assert module.key_digest(host) == "missing"


def test_what_lies_beside_is_listed_hidden_files_too(host, place):
    (place / ".old key").write_text("x")
    assert module.members(host) == [".old key", "ca.pem", "crl.pem", "host.key", "host.pem"]


def test_the_list_says_who_is_revoked_until_when_and_who_signed_it(host, place, site, issued):
    signer, serials, ends = module.revocations(host, module.authority(site.path))
    assert (signer, serials) == ("the site's authority", set())
    assert 89 < (ends - NOW.timestamp()) / module.DAY < 91
    Issuing(site).revoke("pbx1", Reason.KEY_COMPROMISE)
    (place / "crl.pem").write_bytes(Issuing(site).files.revoked.read_bytes())
    signer, serials, _ = module.revocations(host, module.authority(site.path))
    assert (signer, serials) == ("the site's authority", {issued.serial_number})


def test_a_list_of_somebody_else_and_none_are_told_apart(host, place, site):
    other = Authority.new("center", NOW)
    (place / "crl.pem").write_text(pem(other.revoked([], 9, NOW)))
    assert module.revocations(host, module.authority(site.path))[0] == "somebody else"
    (place / "crl.pem").write_text("")
    assert module.revocations(host, module.authority(site.path))[0] == "nobody"


def test_the_sites_register_says_to_whom_a_certificate_was_issued(site, issued):
    (entry,) = module.noted(site.path).values()
    assert (entry.host, entry.serial, entry.is_revoked) == ("pbx1", issued.serial_number, False)
    assert entry.ends == issued.not_valid_after_utc.timestamp()
    Issuing(site).revoke("pbx1", Reason.CESSATION)
    assert next(iter(module.noted(site.path).values())).is_revoked


def test_a_site_without_an_authority_is_told(site):
    Issuing(site).files.authority.unlink()
    with pytest.raises(ValueError, match="the site has no authority"):
        module.authority(site.path)


def test_names_outside_the_alternative_ones_are_seen(key):
    authority = Authority.new("center", NOW)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "collector1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=1))
    )
    plain = module.Certificate.of(pem(made.sign(authority.key, hashes.SHA256())))
    assert plain.names == ["collector1"]
    kept = x509.SubjectAlternativeName([x509.DNSName("pbx1"), x509.RFC822Name("ana@example.org")])
    more = made.add_extension(kept, critical=False).sign(authority.key, hashes.SHA256())
    assert module.Certificate.of(pem(more)).names == ["pbx1", "ana@example.org", "collector1"]
