"""What the roles render, and whole plans for hosts that don't exist."""

import json
import re
import subprocess
import sys
from pathlib import Path

import paramiko
import pytest

from ringfence.rendering import render
from ringfence.site import find_house, load_site
from ringfence.site.deploying import Intent
from roles.identity import deploy as identity
from roles.ssh import register

ROOT = Path(__file__).parents[2]
SITE = ROOT / "inventories" / "example"
HOUSE = find_house(ROOT)
CONTROL = re.compile(r"^(\w+ \| )?[A-Z]{2,4}-[0-9]{2} ")


def sshd_config(**values: object) -> str:
    defaults = {
        "port": 22,
        "host_keys": ["/etc/ssh/ssh_host_ed25519_key"],
        "mlkem": False,
        "bastion": False,
        "key_alone": ["deploy"],
        "groups": ["ringfence-admin"],
        "login_grace_seconds": 30,
        "attempts": 3,
        "sessions": 4,
        "idle_minutes": 15,
    }
    return render(HOUSE.templates_dir("ssh"), "sshd_config", **{**defaults, **values})


def setting(text: str, name: str) -> list[str]:
    [line] = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    return line.split(" ", 1)[1].split(",")


@pytest.mark.parametrize("mlkem", [False, True])
def test_pyinfra_can_still_speak_to_the_configured_sshd(mlkem: bool) -> None:
    text = sshd_config(mlkem=mlkem)
    client = paramiko.Transport
    assert set(setting(text, "KexAlgorithms")) & set(client._preferred_kex)
    assert set(setting(text, "Ciphers")) & set(client._preferred_ciphers)
    assert set(setting(text, "MACs")) & set(client._preferred_macs)
    assert set(setting(text, "HostKeyAlgorithms")) & set(client._preferred_keys)


def test_no_file_can_override_the_configuration() -> None:
    directives = [line.split()[0] for line in sshd_config().splitlines() if line.strip()]
    assert not {"Include", "Match"} & set(directives)


def test_no_setting_stands_twice() -> None:
    for bastion in (False, True):
        text, _, _ = sshd_config(bastion=bastion).partition("\nMatch ")
        names = [line.split()[0] for line in text.splitlines() if line and line[0] != "#"]
        assert len(names) == len(set(names))


def test_only_a_bastion_passes_connections_on() -> None:
    assert setting(sshd_config(), "DisableForwarding") == ["yes"]
    assert setting(sshd_config(bastion=True), "AllowTcpForwarding") == ["local"]


def test_a_bastion_asks_for_a_code_unless_it_is_told_otherwise() -> None:
    before, _, after = sshd_config(bastion=True).partition("\nMatch User deploy\n")
    assert "\nAuthenticationMethods publickey,keyboard-interactive:pam\n" in before
    assert [line.split() for line in after.splitlines()] == [
        ["AuthenticationMethods", "publickey"],
        ["KbdInteractiveAuthentication", "no"],
    ]


def test_the_inventory_is_shell() -> None:
    text = render(
        HOUSE.templates_dir("identity"), "inventory", inventories_kept=30, oldest_minutes=1560
    )
    outcome = subprocess.run(
        ["shellcheck", "-"], input=text, capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stdout


@pytest.fixture(scope="module")
def site():
    return load_site(SITE)


def test_people_are_administrators_except_on_the_bastion(site) -> None:
    for host in site.hosts.values():
        access = site.access(host)
        groups = register.groups(host, access)
        deployer = host.ssh.user
        assert deployer in groups["ringfence-admin"]
        if host.in_group("bastion"):
            assert groups["ringfence-admin"] == [deployer]
            assert groups["ringfence-ops"] == [entry.user for entry in access[1:]]
        else:
            assert set(groups) == {"ringfence-admin"}


def test_every_key_has_its_sources_and_its_last_second(site) -> None:
    for host in site.hosts.values():
        for entry in site.access(host):
            for key, line in zip(entry.keys, register.key_lines(entry), strict=True):
                assert f'expiry-time="{key.expires:%Y%m%d}235959Z"' in line
                assert ('from="' in line) == bool(key.sources)
                assert line.count("\n") == 0


def test_the_digest_changes_with_the_host_alone(site) -> None:
    digests = {name: site.policy_digest(host) for name, host in site.hosts.items()}
    assert len(set(digests.values())) == len(digests)
    again = load_site(SITE)
    assert digests == {name: again.policy_digest(host) for name, host in again.hosts.items()}


def test_the_declaration_is_stable_json(site) -> None:
    for host in site.hosts.values():
        text = identity.declaration(Intent(site, host))
        content = json.loads(text)
        assert list(content) == sorted(content)
        assert content["data_level"] == host.classification.value
        assert content["role"] == host.groups


def plan(tmp_path: Path, *arguments: str) -> dict:
    inventory = tmp_path / "inventory.py"
    hosts = [
        (
            f"@fake/{name}",
            {
                "ringfence_site": str(SITE),
                "ringfence_host": name,
                "fake_delay": 0,
                "fake_delay_jitter": 0,
            },
        )
        for name in load_site(SITE).hosts
    ]
    inventory.write_text(f"hosts = {hosts!r}\n")
    outcome = subprocess.run(
        [
            *(sys.executable, "-m", "pyinfra", "--json"),
            *(inventory, ROOT / "deploys/site.py", *arguments),
        ],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    return json.loads(outcome.stdout)


def names_in(document: object) -> set[str]:
    return set(re.findall(r'"((?:identity|ssh) \| [^"]*)"', json.dumps(document)))


def test_the_whole_plan_is_named_by_controls(tmp_path: Path) -> None:
    names = names_in(plan(tmp_path))
    assert len(names) > 10
    assert all(CONTROL.match(name) for name in names)


def test_one_role_can_be_applied_alone(tmp_path: Path) -> None:
    names = names_in(plan(tmp_path, "--data", "roles=ssh"))
    assert names
    assert all(name.startswith("ssh | ") for name in names)
