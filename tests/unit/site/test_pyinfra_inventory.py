import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import paramiko
import pytest
from pyinfra.api.exceptions import InventoryError

from ringfence.site import Site
from ringfence.site.pyinfra_inventory import groups
from ringfence.site.sampling import SAMPLE

Load = Callable[..., Site]
CHECKOUT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def host_data(site: Site, name: str) -> dict[str, Any]:
    return dict(groups(str(site.path / "inventory.py"))["all"])[name]


def pyinfra(inventory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "pyinfra", str(inventory), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=CHECKOUT,
    )


def test_the_groups_are_all_and_those_with_hosts(site: Site) -> None:
    found = groups(str(site.path / "inventory.py"))
    assert {group: [name for name, _ in hosts] for group, hosts in found.items()} == {
        "all": ["bastion1", "pbx1"],
        "bastion": ["bastion1"],
        "pbx": ["pbx1"],
    }


def test_a_host_knows_how_it_is_reached_and_where_it_comes_from(site: Site) -> None:
    data = host_data(site, "pbx1")
    assert (data["ringfence_site"], data["ringfence_host"]) == (str(site.path), "pbx1")
    assert (data["ssh_hostname"], data["ssh_user"], data["ssh_port"]) == ("pbx1", "deploy", 22)
    assert data["ssh_strict_host_key_checking"] == "yes"
    assert data["ssh_known_hosts_file"] == str(site.path / "known_hosts")
    make = data["ssh_paramiko_connect_kwargs"]["transport_factory"]
    assert make(paramiko.Channel(1)).host == "pbx1"
    assert data["_sudo"] is True
    assert "ssh_key" not in data


def test_files_are_resolved_against_the_site(load: Load) -> None:
    site = load(("name: small", "name: small\nssh: {config_file: c, identity_file: .lab/k}"))
    data = host_data(site, "pbx1")
    assert data["ssh_config_file"] == str(site.path / "c")
    assert data["ssh_key"] == str(site.path / ".lab" / "k")
    assert "ssh_port" not in data


def test_root_needs_no_sudo(load: Load) -> None:
    site = load(("name: small", "name: small\nssh: {user: root}"))
    assert "_sudo" not in host_data(site, "pbx1")


def test_wrong_files_are_an_error_that_pyinfra_prints(site: Site) -> None:
    (site.path / "hosts.yml").write_text("nme: small\n")
    with pytest.raises(InventoryError, match="did you mean 'name'"):
        groups(str(site.path / "inventory.py"))


def test_pyinfra_reads_the_sample_and_the_group_data_beside_it(tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(SAMPLE, site)
    (site / "group_data").mkdir()
    (site / "group_data" / "agents.py").write_text("colour = 'green'\n")
    ran = pyinfra(site / "inventory.py", "--json", "debug-inventory")
    assert ran.returncode == 0, ran.stderr
    hosts = json.loads(ran.stdout)
    text = json.dumps(hosts)
    assert text.count('"colour": "green"') >= 2
    for name in ("bastion1", "pbx1", "agent2"):
        assert name in text


def test_pyinfra_prints_sentences_not_a_traceback_for_wrong_files(tmp_path: Path) -> None:
    site = tmp_path / "site"
    shutil.copytree(SAMPLE, site)
    (site / "waivers.yml").write_text("waivers: 3\n")
    ran = pyinfra(site / "inventory.py", "debug-inventory")
    assert ran.returncode != 0
    assert "waivers.yml:1:10: waivers: 3 must be a list" in ran.stderr + ran.stdout
    assert "Traceback" not in ran.stderr + ran.stdout
