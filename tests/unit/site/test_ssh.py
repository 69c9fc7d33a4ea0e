import stat
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pyinfra.connectors.sshuserclient.client import SSHClient, get_ssh_config

from ringfence.errors import UsageError
from ringfence.site import Site
from ringfence.site.ssh import client_config, ssh_command

Load = Callable[..., Site]
HOP = ("clients: [acme]", "ssh: {via: bastion1, port: 2202}")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield tmp_path / "cache"
    get_ssh_config.cache.clear()


def effective(site: Site, name: str) -> dict[str, str]:
    """Ask OpenSSH what a command means to it."""
    command = ssh_command(site, site.host(name))
    printed = subprocess.run(
        ["ssh", "-G", *command[1:]], capture_output=True, text=True, check=True
    )
    return dict(line.split(" ", 1) for line in printed.stdout.splitlines() if " " in line)


def test_the_client_never_asks_and_trusts_no_unknown_key(site: Site) -> None:
    options = effective(site, "pbx1")
    assert options["batchmode"] == "yes"
    assert options["stricthostkeychecking"] == "true"
    assert options["userknownhostsfile"] == str(site.known_hosts_file)
    assert options["globalknownhostsfile"] == "/dev/null"
    assert options["connecttimeout"] == "10"


def test_the_client_goes_where_hosts_yml_says(load: Load) -> None:
    site = load(("name: small", "name: small\nssh: {identity_file: k, user: robot}"), HOP)
    options = effective(site, "pbx1")
    assert options["hostname"] == "10.0.0.2"
    assert (options["port"], options["user"]) == ("2202", "robot")
    assert options["proxyjump"] == "bastion1"
    assert options["identityfile"] == str(site.path / "k")
    assert options["identitiesonly"] == "yes"
    assert "proxyjump" not in effective(site, "bastion1")


def test_a_remote_command_comes_last(site: Site) -> None:
    assert ssh_command(site, site.host("pbx1"))[-1] == "pbx1"


def test_the_configuration_is_private_and_written_once(site: Site, cache: Path) -> None:
    path = client_config(site)
    assert path.parent == cache / "ringfence" / "ssh"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    written = path.stat().st_mtime_ns
    assert client_config(site) == path
    assert path.stat().st_mtime_ns == written
    path.write_text("Host *\n    ProxyCommand evil\n")
    assert "evil" not in client_config(site).read_text()
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_many_hosts_may_be_asked_at_once_the_first_time(
    site: Site, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        monkeypatch.setenv("XDG_CACHE_HOME", str(cache / str(number)))
        with ThreadPoolExecutor(16) as pool:
            configurations = set(pool.map(lambda _: client_config(site), range(64)))
        assert len(configurations) == 1


def test_each_content_has_its_own_file(load: Load) -> None:
    assert client_config(load()) != client_config(load(("10.0.0.2", "10.0.0.3")))


def test_the_site_may_bring_its_own_configuration(load: Load) -> None:
    site = load(("name: small", "name: small\nssh: {config_file: own, known_hosts_file: known}"))
    (site.path / "own").write_text("Host pbx1\n    Hostname 127.0.0.1\n    Port 2299\n")
    assert client_config(site) == site.path / "own"
    options = effective(site, "pbx1")
    assert (options["hostname"], options["port"]) == ("127.0.0.1", "2299")
    assert options["userknownhostsfile"] == str(site.path / "known")


def test_a_path_with_spaces_is_quoted(load: Load) -> None:
    site = load(("name: small", "name: small\nssh: {identity_file: a key, known_hosts_file: k h}"))
    options = effective(site, "pbx1")
    assert options["identityfile"] == str(site.path / "a key")
    assert options["userknownhostsfile"] == str(site.path / "k h")


@pytest.mark.parametrize("name", ["k%h", 'k"h', "k\\h", "k#h", "k$h"])
def test_a_path_that_ssh_cannot_hold_is_refused(load: Load, name: str) -> None:
    site = load(("name: small", f"name: small\nssh:\n  identity_file: '{name}'"))
    with pytest.raises(UsageError, match="has characters that ssh's configuration can't hold"):
        client_config(site)


def test_a_path_with_spaces_is_refused_where_pyinfra_would_split_it(load: Load) -> None:
    site = load(("name: small", "name: small\nssh: {known_hosts_file: k h}"), HOP)
    with pytest.raises(UsageError, match="move it"):
        client_config(site)


def test_a_cache_that_cannot_be_written_is_a_sentence(site: Site, cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    with pytest.raises(UsageError, match="can't be written: Not a directory"):
        client_config(site)


def test_pyinfra_takes_a_hop_with_the_settings_of_its_host(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = load(HOP)
    calls: list[tuple[str, dict[str, object]]] = []
    monkeypatch.setattr(SSHClient, "connect", lambda self, name, **kw: calls.append((name, kw)))
    monkeypatch.setattr(SSHClient, "gateway", lambda self, *args, **kw: args)
    config = str(client_config(site))
    address, options, *_ = SSHClient().parse_config("pbx1", {}, ssh_config_file=config)
    assert (address, options["port"]) == ("10.0.0.2", 2202)
    assert options["sock"] == ("10.0.0.2", 2202, "10.0.0.2", 2202)
    ((hop, given),) = calls
    assert hop == "bastion1"
    # An int: given "22", paramiko looks for [host]:22 in known_hosts.
    assert (given["port"], given["username"]) == (22, "deploy")
    monkeypatch.undo()
    hop_address, hop_options, _, policy, known, *_ = SSHClient().parse_config(
        "bastion1", dict(given), ssh_config_file=config
    )
    assert hop_address == "10.0.0.1"
    assert type(policy).__name__ == "StrictPolicy"
    assert known == (str(site.known_hosts_file),)
    assert hop_options["username"] == "deploy"
