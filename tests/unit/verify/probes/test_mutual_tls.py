import shlex
import subprocess
from types import SimpleNamespace

import pytest

from ringfence.verify.probes import mutual_tls as module
from ringfence.verify.probes.mutual_tls import Link


class ThisMachine:
    """A host of testinfra's that is this machine."""

    def run(self, command, *arguments):
        script = command % tuple(map(shlex.quote, arguments))
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True)
        return SimpleNamespace(stdout=done.stdout, rc=done.returncode)


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 4)


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """An authority, and a certificate of it: ca.pem, host.pem and host.key of a folder."""
    folder = tmp_path_factory.mktemp("pki")
    made = (
        "made() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        ' "$@"; }; made -subj /CN=ca -keyout ca.key -out ca.pem && made -subj /CN=a'
        " -addext basicConstraints=CA:FALSE -CA ca.pem -CAkey ca.key -keyout host.key -out host.pem"
    )
    subprocess.run(["sh", "-c", made], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def serve(pki, monkeypatch):
    """Starts OpenSSL's server; returns its port."""
    monkeypatch.setattr(
        module,
        "AS_WHOM",
        module.AS_WHOM | {"the host": f"-cert {pki}/host.pem -key {pki}/host.key"},
    )
    started = []

    def start(*options):
        command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-CAfile", pki / "ca.pem"]
        server = subprocess.Popen(
            [*command, "-cert", pki / "host.pem", "-key", pki / "host.key", *options],
            env={"OPENSSL_CONF": "/dev/null", "PATH": "/usr/bin:/bin"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        started.append(server)
        for line in server.stdout:
            if line.startswith("ACCEPT "):
                return int(line.rpartition(":")[2])
        raise AssertionError("the server does not listen")

    yield start
    for server in started:
        server.kill()
        server.communicate()


STRICT = ("-Verify", "3", "-verify_return_error")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize(
    ("whom", "found"), [("the host", "let in"), ("nobody", "refused"), ("a stranger", "refused")]
)
def test_a_link_of_mutual_tls_lets_its_own_in_alone(serve, version, whom, found):
    port = serve(*STRICT, version)
    assert module.outcome(ThisMachine(), "127.0.0.1", Link(port), "a", whom) == found


@pytest.mark.parametrize("whom", ["nobody", "a stranger"])
def test_a_link_for_everybody_is_seen(serve, whom):
    port = serve()
    assert module.outcome(ThisMachine(), "127.0.0.1", Link(port), "a", whom) == "let in"


def test_a_link_that_nobody_offers_is_no_refusal():
    assert module.outcome(ThisMachine(), "127.0.0.1", Link(9), "a", "nobody") == "no connection"


def test_links_are_known_by_their_ports():
    assert Link.of(2514, 2514).opening == module.RELP
    assert Link.of(5432, 2514).starttls == "postgres"
    assert Link.of(8443, 2514) == Link(8443)
    assert module.POSTGRES.encode()[:4] == len(module.POSTGRES).to_bytes(4, "big")
