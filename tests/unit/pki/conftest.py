import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


class Host:
    """A host with a key that it made itself."""

    def __init__(self, folder, key=None):
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.folder = folder

    def request(self, name="anything"):
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        made = x509.CertificateSigningRequestBuilder().subject_name(subject)
        return made.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def context(self, purpose, certificate, authority, revoked=None):
        """OpenSSL's settings for mutual TLS, with this host's key."""
        pem = certificate.public_bytes(Encoding.PEM)
        pem += self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path = self.folder / f"{certificate.serial_number}.pem"
        path.write_bytes(pem)
        context = ssl.SSLContext(purpose)
        context.load_cert_chain(path)
        trusted = authority.certificate.public_bytes(Encoding.PEM).decode()
        if revoked is not None:
            trusted += revoked.public_bytes(Encoding.PEM).decode()
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
        (self.folder / "trusted.pem").write_text(trusted)
        context.load_verify_locations(self.folder / "trusted.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        return context


def shake_hands(server, client, name):
    """Let two ends of TLS meet in memory; ssl.SSLError tells why one turned the other down."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        server.wrap_bio(to_server, to_client, server_side=True),
        client.wrap_bio(to_client, to_server, server_hostname=name),
    ]
    for _ in range(4):
        for end in (ends[1], ends[0]):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    ends[1].write(b"hello")
    return ends[0].read(5)


@pytest.fixture
def host(tmp_path):
    """Makes hosts."""

    def make(key=None):
        folder = tmp_path / f"host-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        return Host(folder, key)

    return make


@pytest.fixture
def meet():
    """Lets two ends meet: `meet(server context, client context, the name that is called)`."""
    return shake_hands


@pytest.fixture
def folder(sealed_site):
    """The folder of a site with secrets that this user can open."""
    return sealed_site
