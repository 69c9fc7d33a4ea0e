"""A host behind a bastion, reached through it by OpenSSH and by pyinfra, with strict host keys."""

import getpass
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ringfence.site import Site, load_site
from ringfence.site.sampling import SAMPLE
from ringfence.site.ssh import ssh_command

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin")
pytestmark = pytest.mark.skipif(SSHD is None, reason="needs sshd (openssh-server)")

HOSTS = """\
name: hops
ssh: {{user: {user}, identity_file: key}}
hosts:
  bastion1:
    address: 127.0.0.1
    groups: [bastion]
    classification: basic
    owner: ana
    ssh: {{port: {ports[0]}}}
  pbx1:
    address: 127.0.0.1
    groups: [pbx]
    classification: basic
    owner: ana
    ssh: {{port: {ports[1]}, via: bastion1}}
"""
POLICY = """\
organisation: {name: Hops}
people: {ana: {full_name: Ana Ruiz}}
deploy_access: [{key_file: key.pub, owner: ana, expires: 2099-12-31}]
"""


@dataclass
class Hops:
    """Two sshd on this machine, and the site that describes them."""

    site: Site
    ports: list[int]
    keys: list[str]

    def trust(self, *keys: str) -> None:
        """Write known_hosts: for each port a host key, or none for an empty text."""
        lines = [f"[127.0.0.1]:{p} {key}" for p, key in zip(self.ports, keys, strict=True) if key]
        self.site.known_hosts_file.write_text("\n".join(lines) + "\n")

    def by_openssh(self) -> subprocess.CompletedProcess[str]:
        command = [*ssh_command(self.site, self.site.host("pbx1")), "echo arrived"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def by_pyinfra(self) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pyinfra", "-y", str(self.site.path / "inventory.py")]
        command += ["--limit", "pbx1", "exec", "--", "echo arrived"]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=self.site.path
        )


def make_key(path: Path) -> str:
    subprocess.run(["ssh-keygen", "-qt", "ed25519", "-N", "", "-f", path], check=True)
    return " ".join(path.with_suffix(".pub").read_text().split()[:2])


def free_ports(number: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def serve(folder: Path, port: int, host_key: Path, allowed: Path) -> subprocess.Popen[bytes]:
    config = folder / f"sshd_{port}"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {host_key}\nAuthorizedKeysFile {allowed}\n"
        "StrictModes no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\nUsePAM no\n"
        "PidFile none\n"
    )
    with (folder / f"log_{port}").open("wb") as log:
        process = subprocess.Popen([str(SSHD), "-D", "-e", "-f", config], stderr=log)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        time.sleep(0.1)
    raise AssertionError(f"sshd did not start: {(folder / f'log_{port}').read_text()}")


@pytest.fixture
def hops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hops]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Path("/run/sshd").mkdir(exist_ok=True)
    site = tmp_path / "site"
    shutil.copytree(SAMPLE, site)
    make_key(site / "key")
    ports = free_ports(2)
    keys = [make_key(tmp_path / f"host{number}") for number in range(2)]
    (site / "hosts.yml").write_text(HOSTS.format(user=getpass.getuser(), ports=ports))
    (site / "policy.yml").write_text(POLICY)
    servers = []
    try:
        for number, port in enumerate(ports):
            host_key = tmp_path / f"host{number}"
            servers.append(serve(tmp_path, port, host_key, site / "key.pub"))
        yield Hops(load_site(site), ports, keys)
    finally:
        for server in servers:
            server.terminate()
            server.wait()


def test_both_programs_arrive_through_the_bastion(hops: Hops, tmp_path: Path) -> None:
    hops.trust(*hops.keys)
    for ran in (hops.by_openssh(), hops.by_pyinfra()):
        assert ran.returncode == 0, ran.stderr
        assert "arrived" in ran.stdout + ran.stderr
    log = (tmp_path / f"log_{hops.ports[0]}").read_text()
    assert log.count("Accepted publickey") == 2


@pytest.mark.parametrize("unknown", [0, 1])
@pytest.mark.parametrize("changed", [True, False])
def test_neither_program_goes_on_with_a_host_key_that_is_not_the_sites(
    hops: Hops, unknown: int, changed: bool
) -> None:
    trusted = list(hops.keys)
    trusted[unknown] = hops.keys[1 - unknown] if changed else ""
    hops.trust(*trusted)
    for ran in (hops.by_openssh(), hops.by_pyinfra()):
        assert ran.returncode != 0
        assert "arrived" not in ran.stdout
        assert "Traceback" not in ran.stderr
