"""What an endpoint takes, asked of real servers: OpenSSL's own, on this machine."""

import shlex
import socket
import subprocess
import time
from types import SimpleNamespace

import pytest

from ringfence.verify.probes import tls_endpoints as module
from ringfence.verify.probes.tls_endpoints import Endpoint

WEAK = ("-cipher", "ALL:@SECLEVEL=0")
AEAD = ("-cipher", "ECDHE+AESGCM:ECDHE+CHACHA20")


class ThisMachine:
    """A host of testinfra's that is this machine."""

    def run(self, command, *arguments):
        words = tuple(map(shlex.quote, arguments))
        script = command % words if words else command
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True)
        return SimpleNamespace(stdout=done.stdout, rc=done.returncode)


@pytest.fixture
def host():
    return ThisMachine()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A key and a certificate that signs itself: `host.key` and `host.pem` of a folder."""
    folder = tmp_path_factory.mktemp("pki")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "20"),
            *("-subj", "/CN=collector1", "-addext", "subjectAltName=DNS:collector1,IP:127.0.0.1"),
            *("-keyout", folder / "host.key", "-out", folder / "host.pem"),
        ],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def serve(certificate):
    """Starts servers with some of OpenSSL's options; each returns its endpoint."""
    started = []

    def start(*options):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        files = ["-cert", certificate / "host.pem", "-key", certificate / "host.key"]
        command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-quiet", *files]
        server = subprocess.Popen(
            [*command, *options],
            env={"OPENSSL_CONF": "/dev/null", "PATH": "/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.append(server)
        for _ in range(200):
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        return Endpoint(port)

    yield start
    for server in started:
        server.kill()
        server.wait()


@pytest.mark.parametrize("version", module.VERSIONS)
def test_a_version_that_is_taken_is_seen(host, serve, version):
    endpoint = serve(module.VERSIONS[version], *WEAK)
    assert module.offered(host, endpoint, version).startswith("taken with ")


@pytest.mark.parametrize("version", module.VERSIONS)
def test_a_version_that_is_refused_is_refused_by_the_server(host, serve, version):
    other = "TLS 1.2" if version != "TLS 1.2" else "TLS 1.3"
    endpoint = serve(module.VERSIONS[other], *WEAK)
    assert module.offered(host, endpoint, version) == ("refused by the server: protocol version")


@pytest.mark.parametrize("version", module.OLD)
def test_an_old_version_is_refused_for_want_of_a_suite_of_its_own(host, serve, version):
    endpoint = serve(*AEAD)
    assert module.offered(host, endpoint, version).startswith(module.REFUSED)


def test_a_client_that_gives_up_itself_is_no_refusal(host, serve):
    endpoint = serve(*WEAK)
    question = module._question(endpoint, "-tls1")  # without the lowered security level
    assert module.outcome(host.run(question).stdout).startswith("given up by the client: ")


def test_a_client_that_cannot_start_is_no_refusal(host, serve, certificate):
    endpoint = serve(*WEAK)
    question = module._question(endpoint, "-no-such-option")
    assert module.outcome(host.run(question).stdout).startswith("given up by the client: ")


def test_nobody_there_is_no_refusal(host):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = Endpoint(free.getsockname()[1])
        assert module.offered(host, closed, "TLS 1.1") == "no connection"


def test_a_server_that_just_hangs_up_has_refused(host):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        endpoint = Endpoint(server.getsockname()[1])
        command = ["sh", "-c", module._question(endpoint, "-tls1_2")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
            connection, _ = server.accept()
            connection.recv(64)
            connection.shutdown(socket.SHUT_RDWR)
            connection.close()
            said = client.communicate()[0]
    assert module.outcome(said) == "refused by the server: connection closed"


def test_every_suite_that_is_taken_is_named(host, serve):
    wanted = ["ECDHE-RSA-AES256-GCM-SHA384", "AES128-SHA", "ECDHE-RSA-CHACHA20-POLY1305"]
    endpoint = serve("-tls1_2", "-cipher", f"{':'.join(wanted)}:@SECLEVEL=0")
    assert sorted(module.suites(host, endpoint)) == sorted(wanted)


def test_the_suites_of_a_sound_server_are_modern(host, serve):
    found = module.suites(host, serve(*AEAD))
    assert len(found) >= 3
    assert all(module.re.match(module.AEAD, suite) for suite in found)
    assert not module.re.match(module.AEAD, "ECDHE-RSA-AES256-SHA384")
    assert not module.re.match(module.AEAD, "AES256-GCM-SHA384")
    assert not module.re.match(module.AEAD, "ADH-AES256-GCM-SHA384")


def test_the_certificate_on_the_wire_is_read(host, serve, certificate):
    (shown,) = module.shown(host, serve())
    text = (certificate / "host.pem").read_text()
    assert shown == module.Certificate.of(text)
    assert shown.names == ["collector1", "127.0.0.1"]
    assert shown.key == "RSA 2048"
    assert 19 < (shown.ends - time.time()) / 86400 < 20.1


@pytest.mark.parametrize("version", module.MODERN)
def test_a_stranger_is_turned_away_where_a_certificate_is_demanded(
    host, serve, certificate, version, monkeypatch
):
    demanding = ("-Verify", "1", "-verify_return_error", "-CAfile", certificate / "host.pem")
    endpoint = serve(module.VERSIONS[version], *demanding)
    assert module.without_certificate(host, endpoint, version).startswith(module.REFUSED)
    own = f"-cert {certificate}/host.pem -key {certificate}/host.key"
    question = module._question(endpoint, module.VERSIONS[version], own, "sleep 1 |")
    assert module.outcome(host.run(question).stdout).startswith("taken with ")


@pytest.mark.parametrize("version", module.MODERN)
def test_a_stranger_is_let_in_where_none_is(host, serve, version):
    endpoint = serve(module.VERSIONS[version])
    assert module.without_certificate(host, endpoint, version).startswith("taken with ")


def test_an_address_of_ipv6_and_a_later_beginning_are_said_as_openssl_wants_them():
    words = Endpoint(5432, "2001:db8::1", "postgres").words
    assert words == "-connect '[2001:db8::1]:5432' -starttls postgres"
