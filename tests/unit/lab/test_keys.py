import subprocess

import pytest

from ringfence.errors import ToolError
from ringfence.lab import keys
from ringfence.lab.paths import LabPaths


@pytest.fixture
def paths(tmp_path):
    site = tmp_path / "a site"
    site.mkdir()
    found = LabPaths(site)
    for name in ("pbx1", "agent1"):
        keys.make_key(found.host(name) / "ssh_host_ed25519_key", name)
    keys.make_key(found.operator_key, "operator")
    keys.write_client_files(found, {"pbx1": 2201, "agent1": 2202})
    return found


def test_a_key_is_made_once_and_private(paths):
    before = paths.operator_key.read_bytes()
    assert keys.make_key(paths.operator_key, "other").endswith(" operator")
    assert paths.operator_key.read_bytes() == before
    assert paths.operator_key.stat().st_mode & 0o77 == 0


def test_a_key_whose_making_was_interrupted_is_made_again(tmp_path):
    key = tmp_path / "key"
    key.write_text("half")
    assert keys.make_key(key, "new").startswith("ssh-ed25519 ")


def test_a_key_that_can_not_be_made_is_a_clear_error(tmp_path):
    (tmp_path / "key").mkdir()
    with pytest.raises((ToolError, OSError)):
        keys.make_key(tmp_path / "key", "x")


def test_openssh_understands_the_configuration_even_with_a_space_in_the_path(paths):
    done = subprocess.run(
        ["ssh", "-G", "-F", str(paths.ssh_config), "pbx1"], capture_output=True, text=True
    )
    settings = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    assert settings["hostname"] == "127.0.0.1"
    assert settings["port"] == "2201"
    assert settings["user"] == "deploy"
    assert settings["hostkeyalias"] == "pbx1"
    assert settings["stricthostkeychecking"] in ("true", "yes")
    assert settings["userknownhostsfile"].strip('"') == str(paths.known_hosts)
    assert settings["identityfile"].strip('"') == str(paths.operator_key)


@pytest.mark.parametrize("name", ["pbx1", "[127.0.0.1]:2201"])
def test_known_hosts_has_the_key_by_name_and_by_port(paths, name):
    done = subprocess.run(
        ["ssh-keygen", "-F", name, "-f", str(paths.known_hosts)], capture_output=True, text=True
    )
    public = (paths.host("pbx1") / "ssh_host_ed25519_key.pub").read_text().split()[1]
    assert public in done.stdout
