"""Which certificate a service shows: this machine's OpenSSL asks servers of this process."""

import contextlib
import socket
import ssl
import threading
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ringfence.pki.lifetime import utc_now
from ringfence.verify.probes import shown_certificates as module
from ringfence.verify.probes.wire_words import Service

from .test_certificates import ThisMachine


def service(port, kind="tls", name="", address="127.0.0.1"):
    return Service(address, port, "python", kind, name, ["TLS 1.3"], [])


@pytest.fixture
def context(tmp_path):
    """TLS of a server that shows a certificate for "page", which has seven days left."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=page")
    now = utc_now()
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    made = made.public_key(key.public_key()).not_valid_before(now)
    signed = made.not_valid_after(now + timedelta(days=7)).sign(key, hashes.SHA256())
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = tmp_path / "page.pem"
    path.write_bytes(key.private_bytes(*form) + signed.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@contextlib.contextmanager
def serving(talk):
    """Serve one connection, and give the port."""
    with socket.create_server(("127.0.0.1", 0)) as listens:

        def serve():
            with contextlib.suppress(OSError), listens.accept()[0] as connection:
                talk(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listens.getsockname()[1]
        thread.join()


def by_tls(context):
    def talk(connection):
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(1)

    return talk


def by_mail(context):
    def talk(connection):
        lines = connection.makefile("rwb", buffering=0)
        lines.write(b"220 mail.example.org ESMTP\r\n")
        while not (said := lines.readline()).startswith(b"STARTTLS"):
            assert said
            lines.write(b"250-mail.example.org\r\n250 STARTTLS\r\n")
        lines.write(b"220 go on\r\n")
        by_tls(context)(connection)

    return talk


@pytest.mark.parametrize(
    ("talk", "kind", "name"),
    [(by_tls, "tls", ""), (by_mail, "clear", "SMTP"), (by_mail, "demands TLS", "SMTP")],
)
@pytest.mark.parametrize("address", ["127.0.0.1", "*", "0.0.0.0"])
def test_the_certificate_comes_from_the_wire(context, talk, kind, name, address):
    with serving(talk(context)) as port:
        found = module.shown_by(ThisMachine(), service(port, kind, name, address))
    assert found.names == ["page"]


@pytest.mark.parametrize(
    ("address", "place"), [("::", "[::1]:8443"), ("2001:db8::1", "[2001:db8::1]:8443")]
)
def test_addresses_of_version_6_stand_in_brackets(address, place):
    asked = []

    class Host:
        def run(self, command, *words):
            asked.append(command % words)
            return ThisMachine().run("true")

    assert module.shown_by(Host(), service(8443, address=address)) is None
    assert f"-connect {place} " in asked[0]


def test_who_speaks_no_tls_shows_none():
    with serving(lambda connection: connection.sendall(b"SSH-2.0-x\r\n")) as port:
        assert module.shown_by(ThisMachine(), service(port)) is None


def test_tls_that_begins_in_an_unknown_way_is_no_verdict():
    with pytest.raises(ValueError, match=r"speaks XMPP: nobody knows how its TLS begins"):
        module.shown_by(ThisMachine(), service(5222, "clear", "XMPP"))
