"""A host behind a bastion, reached through it by OpenSSH and by pyinfra, with strict host keys."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest

from ringfence.site import Site, load_site
from ringfence.site.sampling import SAMPLE
from ringfence.site.ssh import ssh_command

HOSTS = """\
name: hops
ssh: {{user: deploy, identity_file: key}}
hosts:
  bastion1:
    address: 127.0.0.1
    groups: [bastion]
    classification: basic
    owner: ana
    ssh: {{port: {port}}}
  agent1:
    address: 10.77.0.14
    groups: [agents]
    classification: basic
    owner: ana
    ssh: {{via: bastion1}}
"""
POLICY = """\
organisation: {name: Hops}
people: {ana: {full_name: Ana Ruiz}}
deploy_access: [{key_file: key.pub, owner: ana, expires: 2099-12-31}]
"""


@dataclass
class Hops:
    """The lab's containers as a site without an ssh configuration of its own."""

    site: Site
    names: list[str]
    keys: list[str]

    def trust(self, *keys: str) -> None:
        """Write known_hosts: for each hop a host key, or none for an empty text."""
        lines = [f"{name} {key}" for name, key in zip(self.names, keys, strict=True) if key]
        self.site.known_hosts_file.write_text("\n".join(lines) + "\n")

    def by_openssh(self) -> subprocess.CompletedProcess[str]:
        command = [*ssh_command(self.site, self.site.host("agent1")), "echo arrived at $(hostname)"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def by_pyinfra(self) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pyinfra", "-y", str(self.site.path / "inventory.py")]
        command += ["--limit", "agent1", "exec", "--", "echo arrived at $(hostname)"]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=self.site.path
        )


@pytest.fixture
def hops(lab, tmp_path, monkeypatch) -> Hops:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    state = lab.path / ".lab"
    config = (state / "ssh_config").read_text()
    block = next(part for part in config.split("Host ") if part.startswith("bastion1"))
    port = int(re.search(r"Port (\d+)", block)[1])
    site = tmp_path / "site"
    shutil.copytree(SAMPLE, site)
    for source, name in (("id_ed25519", "key"), ("id_ed25519.pub", "key.pub")):
        shutil.copy(state / source, site / name)
    (site / "hosts.yml").write_text(HOSTS.format(port=port))
    (site / "policy.yml").write_text(POLICY)
    keys = [
        " ".join(lab.run_on(host, "cat /etc/ssh/ssh_host_ed25519_key.pub").split()[:2])
        for host in ("bastion1", "agent1")
    ]
    return Hops(load_site(site), [f"[127.0.0.1]:{port}", "10.77.0.14"], keys)


def test_both_programs_arrive_through_the_bastion(hops):
    hops.trust(*hops.keys)
    for ran in (hops.by_openssh(), hops.by_pyinfra()):
        assert ran.returncode == 0, ran.stderr
        assert "arrived at agent1" in ran.stdout + ran.stderr


@pytest.mark.parametrize("unknown", [0, 1])
@pytest.mark.parametrize("changed", [True, False])
def test_neither_program_goes_on_with_a_host_key_that_is_not_the_sites(hops, unknown, changed):
    trusted = list(hops.keys)
    trusted[unknown] = hops.keys[1 - unknown] if changed else ""
    hops.trust(*trusted)
    for ran in (hops.by_openssh(), hops.by_pyinfra()):
        assert ran.returncode != 0
        assert "arrived" not in ran.stdout
        assert "Traceback" not in ran.stderr
