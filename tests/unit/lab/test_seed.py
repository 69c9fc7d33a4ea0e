import io
import os
import tarfile
from ipaddress import IPv4Interface

import pytest

from ringfence.errors import ToolError
from ringfence.lab.seed import TAR_SIZE, Identity, SeedFile, seed_files, seed_tar, write_seed


@pytest.fixture
def files():
    return seed_files(
        Identity(
            lab="toy-lab",
            name="pbx1",
            interface=IPv4Interface("10.9.0.11/24"),
            match="Name=host0",
            mac="52:54:0a:09:00:0b",
            resolver="10.0.2.3",
            hosts={"pbx1": "10.9.0.11", "agent1": "10.9.0.12"},
            operator_key="ssh-ed25519 AAAA operator",
            host_key="PRIVATE\n",
            host_key_public="ssh-ed25519 BBBB pbx1\n",
        )
    )


def test_a_host_learns_its_name_its_lab_and_its_neighbours(files):
    assert files["etc/ringfence-lab"].content == "toy-lab\n"
    assert files["etc/hostname"].content == "pbx1\n"
    assert "10.9.0.12\tagent1\n" in files["etc/hosts"].content
    assert "Address=10.9.0.11/24\n" in files["etc/systemd/network/10-lab.network"].content


def test_the_tar_keeps_owners_and_modes(files):
    with tarfile.open(fileobj=io.BytesIO(seed_tar(files))) as archive:
        entries = {entry.name: entry for entry in archive}
        key = entries["etc/ssh/ssh_host_ed25519_key"]
        assert (key.mode, key.uid, key.gid) == (0o600, 0, 0)
        keys = entries["home/deploy/.ssh/authorized_keys"]
        assert (keys.mode, keys.uid, keys.gid) == (0o600, 1000, 1000)
        assert archive.extractfile(key).read() == b"PRIVATE\n"
    assert set(entries) == set(files)


def test_the_tar_has_the_size_that_a_booted_kernel_knows(files):
    assert len(seed_tar(files)) == len(seed_tar({})) == TAR_SIZE
    with pytest.raises(ToolError, match="too many hosts"):
        seed_tar({"etc/hosts": SeedFile("x" * TAR_SIZE)})


def test_a_machine_takes_an_address_of_its_own(files):
    network = files["etc/systemd/network/10-lab.network"].content
    assert "[Link]\nMACAddress=52:54:0a:09:00:0b\n" in network


@pytest.mark.skipif(os.getuid() != 0, reason="giving files to others needs root")
def test_folders_of_the_upper_layer_are_like_those_below(files, tmp_path):
    lower, upper = tmp_path / "lower", tmp_path / "upper"
    upper.mkdir()
    for folder in ("etc/ssh", "etc/systemd/network", "home/deploy/.ssh"):
        (lower / folder).mkdir(parents=True)
    (lower / "home/deploy/.ssh").chmod(0o700)
    os.chown(lower / "home/deploy/.ssh", 1000, 1000)
    write_seed(files, upper, lower)
    ssh = (upper / "home/deploy/.ssh").stat()
    assert (ssh.st_uid, ssh.st_mode & 0o777) == (1000, 0o700)
    assert (upper / "etc/ssh/ssh_host_ed25519_key").stat().st_mode & 0o777 == 0o600
    assert (upper / "home/deploy/.ssh/authorized_keys").stat().st_uid == 1000
