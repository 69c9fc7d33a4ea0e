"""What the authority signs, judged by OpenSSL at both ends of a connection."""

import ssl
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from ringfence.errors import UsageError
from ringfence.pki import authority as module
from ringfence.pki import lifetime
from ringfence.pki.authority import Authority, Reason, Revocation

NOW = lifetime.utc_now()
SERVER, CLIENT = ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT


@pytest.fixture
def authority():
    return Authority.new("center", NOW)


@pytest.fixture
def pair(authority, host):
    """A collector and a host that sends, each with its certificate."""
    collector, sender = host(), host()
    issued = [
        authority.issue(collector.request(), "collector1", "10.0.0.7", NOW),
        authority.issue(sender.request(), "pbx1", "pbx1.example.org", NOW),
    ]
    return (collector, issued[0]), (sender, issued[1])


@pytest.mark.parametrize("name", ["collector1", "10.0.0.7"])
def test_two_hosts_of_a_site_know_each_other(authority, pair, meet, name):
    (collector, its), (sender, own) = pair
    server = collector.context(SERVER, its, authority)
    assert meet(server, sender.context(CLIENT, own, authority), name) == b"hello"


def test_another_name_than_the_inventorys_is_turned_down(authority, pair, meet):
    (collector, its), (sender, own) = pair
    server = collector.context(SERVER, its, authority)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        meet(server, sender.context(CLIENT, own, authority), "anything")


def test_a_host_of_another_authority_is_turned_down(authority, pair, host, meet):
    (collector, its), _ = pair
    other, stranger = Authority.new("center", NOW), host()
    forged = other.issue(stranger.request(), "pbx1", "pbx1", NOW)
    server = collector.context(SERVER, its, authority)
    with pytest.raises(ssl.SSLError, match="certificate verify failed"):
        meet(server, stranger.context(CLIENT, forged, authority), "collector1")


def test_a_revoked_certificate_is_turned_down_and_the_others_go_on(authority, pair, host, meet):
    (collector, its), (sender, own) = pair
    gone = Revocation(own.serial_number, NOW, Reason.KEY_COMPROMISE)
    revoked = authority.revoked([gone], 2, NOW)
    server = collector.context(SERVER, its, authority, revoked)
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate revoked"):
        meet(server, sender.context(CLIENT, own, authority), "collector1")
    again = authority.issue(sender.request(), "pbx1", "pbx1", NOW)
    assert meet(server, sender.context(CLIENT, again, authority), "collector1") == b"hello"


def test_an_ended_certificate_is_turned_down(authority, host, meet):
    collector, sender = host(), host()
    its = authority.issue(collector.request(), "collector1", "10.0.0.7", NOW)
    old = authority.issue(sender.request(), "pbx1", "pbx1", NOW - timedelta(days=91))
    server = collector.context(SERVER, its, authority)
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate has expired"):
        meet(server, sender.context(CLIENT, old, authority), "collector1")


def test_a_hosts_certificate_signs_no_other(authority, pair, host, meet):
    (collector, its), (sender, own) = pair
    posing, accomplice = Authority(sender.key, authority.certificate), host()
    forged = posing.issue(accomplice.request(), "recordings1", "recordings1", NOW)
    assert own.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    server = collector.context(SERVER, its, authority)
    with pytest.raises(ssl.SSLError, match="certificate verify failed"):
        meet(server, accomplice.context(CLIENT, forged, authority), "collector1")


@pytest.mark.parametrize("make", [lambda: rsa.generate_private_key(65537, 2048), ec.SECP384R1])
def test_strong_keys_are_certified(authority, host, make):
    made = make()
    key = ec.generate_private_key(made) if isinstance(made, ec.EllipticCurve) else made
    certificate = authority.issue(host(key).request(), "pbx1", "pbx1", NOW)
    assert certificate.public_key() == key.public_key()


@pytest.mark.parametrize(
    "make",
    [
        lambda: rsa.generate_private_key(65537, 1024),
        lambda: ec.generate_private_key(ec.SECP256K1()),
        ed25519.Ed25519PrivateKey.generate,
    ],
)
def test_other_keys_are_not(authority, host, make):
    key = make()
    subject = x509.Name([])
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else module.hashes.SHA256()
    request = (
        x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, algorithm)
    ).public_bytes(module.serialization.Encoding.PEM)
    with pytest.raises(UsageError, match="pbx1: the request's key is none of"):
        authority.issue(request, "pbx1", "pbx1", NOW)


@pytest.mark.parametrize("request_", [b"", b"-----BEGIN CERTIFICATE REQUEST-----\n", b"x" * 70000])
def test_what_is_no_request_is_told(authority, request_):
    with pytest.raises(UsageError, match=r"pbx1: the request is no PKCS #10 request in PEM"):
        authority.issue(request_, "pbx1", "pbx1", NOW)


def test_a_request_that_its_key_did_not_sign_is_told(authority, host):
    lines = host().request().decode().splitlines()
    # The signature stands at the end; another of the same length is put there.
    other = host().request().decode().splitlines()
    mixed = "\n".join([*lines[:-3], *other[-3:]]).encode()
    with pytest.raises(UsageError, match=r"request is (not signed by its own key|no PKCS)"):
        authority.issue(mixed, "pbx1", "pbx1", NOW)


def test_a_certificate_is_due_from_its_sixtieth_day_on(authority, host):
    begins = authority.issue(host().request(), "pbx1", "pbx1", NOW).not_valid_before_utc
    day = NOW.replace(hour=0, minute=0, second=0) + timedelta(days=60)
    assert not lifetime.is_due(begins, day - timedelta(seconds=1))
    assert lifetime.is_due(begins, day)


def test_an_authority_is_read_again_and_its_key_shows_nowhere(authority):
    certificate = authority.certificate.public_bytes(module.serialization.Encoding.PEM)
    again = Authority.load(authority.key_text(), certificate, "authority.pem")
    assert again.certificate == authority.certificate
    assert "PRIVATE" not in repr(again)


def test_a_key_and_a_certificate_that_do_not_belong_together_are_told(authority):
    other = Authority.new("center", NOW).certificate
    pem = other.public_bytes(module.serialization.Encoding.PEM)
    with pytest.raises(UsageError, match=r"authority\.pem is not of the authority's key"):
        Authority.load(authority.key_text(), pem, "authority.pem")
    with pytest.raises(UsageError, match="the authority's key, among the site's secrets, is dam"):
        Authority.load("no key", pem, "authority.pem")
    with pytest.raises(UsageError, match=r"authority\.pem is no certificate; take it from"):
        Authority.load(authority.key_text(), b"no certificate", "authority.pem")


def test_names_that_no_subject_can_hold_are_known_all_the_same(host, meet):
    site, name = "s" * 200, f"{'collector.' * 10}example.org"
    authority, collector, sender = Authority.new(site, NOW), host(), host()
    its = authority.issue(collector.request(), name, "10.0.0.7", NOW)
    own = authority.issue(sender.request(), "pbx1", "pbx1", NOW)
    server = collector.context(SERVER, its, authority)
    assert meet(server, sender.context(CLIENT, own, authority), name) == b"hello"
