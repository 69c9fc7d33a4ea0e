import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ringfence.errors import UsageError
from ringfence.site import Site, load_site

Load = Callable[..., Site]


def names(site: Site, limit: str | None) -> list[str]:
    return [host.name for host in site.select(limit)]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (None, ["bastion1", "pbx1"]),
        ("all", ["bastion1", "pbx1"]),
        ("pbx1", ["pbx1"]),
        ("pbx", ["pbx1"]),
        ("pbx1, bastion", ["bastion1", "pbx1"]),
        ("*1", ["bastion1", "pbx1"]),
        ("b*", ["bastion1"]),
        ("pb?", ["pbx1"]),
        ("pbx1,,pbx1,", ["pbx1"]),
    ],
)
def test_a_limit_selects_hosts_groups_and_globs(
    site: Site, limit: str | None, expected: list[str]
) -> None:
    assert names(site, limit) == expected


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ("pbx1x", "small has no host or group 'pbx1x'; did you mean 'pbx1'?"),
        ("pbx1,bastoin", "small has no host or group 'bastoin'; did you mean 'bastion'?"),
        ("x*", "small has no host or group 'x*'"),
        ("", "the limit '' names no host"),
        (" , ", "the limit ' , ' names no host"),
    ],
)
def test_a_limit_that_matches_nothing_is_refused(site: Site, limit: str, sentence: str) -> None:
    with pytest.raises(UsageError) as error:
        site.select(limit)
    assert str(error.value) == sentence


def test_a_host_is_found_by_name(site: Site) -> None:
    assert site.host("pbx1").name == "pbx1"
    with pytest.raises(UsageError, match=r"small has no host 'pbx'; did you mean 'pbx1'\?"):
        site.host("pbx")


def test_groups_have_their_hosts(site: Site) -> None:
    groups = {group: [host.name for host in hosts] for group, hosts in site.groups.items()}
    assert groups == {"bastion": ["bastion1"], "pbx": ["pbx1"]}


def test_ssh_defaults_are_filled_in(load: Load) -> None:
    site = load(
        ("name: small", "name: small\nssh: {user: robot, port: 2222, identity_file: ~/k}"),
        ("clients: [acme]", "ssh: {port: 22, identity_file: keys/k, via: bastion1}"),
    )
    bastion, pbx = site.host("bastion1").ssh, site.host("pbx1").ssh
    assert (bastion.user, bastion.port, bastion.via) == ("robot", 2222, None)
    assert bastion.identity_file == Path.home() / "k"
    assert (pbx.user, pbx.port, pbx.via) == ("robot", 22, "bastion1")
    assert pbx.identity_file == site.path / "keys" / "k"


def test_the_port_is_22_unless_the_configuration_file_decides(load: Load) -> None:
    assert load().host("pbx1").ssh.port == 22
    site = load(("name: small", "name: small\nssh: {config_file: .lab/ssh_config}"))
    assert site.host("pbx1").ssh.port is None
    assert site.config_file == site.path / ".lab" / "ssh_config"
    assert site.known_hosts_file == site.path / "known_hosts"


def test_waivers_are_found_by_host_and_control(site: Site) -> None:
    assert len(site.waivers_for(site.host("pbx1"), "TOY-01")) == 1
    assert site.waivers_for(site.host("bastion1"), "TOY-01") == []


def test_the_digest_is_of_what_the_files_mean(load: Load, site: Site) -> None:
    assert load().digest == site.digest
    assert load(("name: small", "name:   'small' # a comment")).digest == site.digest
    for old, new in (
        ("classification: high", "classification: medium"),
        ("purpose: administration", "purpose: other"),
        ("reason: An old phone", "reason: Another"),
        ("flows:", "toy: {level: 4}\nflows:"),
        ("expires: 2026-12-31", "expires: 2027-01-01"),
    ):
        assert load((old, new)).digest != site.digest


def test_the_digest_covers_the_key_in_a_file(load: Load, key: str) -> None:
    site = load(("- key: KEY2 deploy", "- key_file: deploy.pub"))
    before = site.digest
    (site.path / "deploy.pub").write_text(key)
    assert load_site(site.path).digest != before


def test_the_digest_is_the_same_in_every_process(site: Site) -> None:
    settings = site.house.role_dir("toy") / "settings.py"
    settings.write_text(
        "from ringfence.site import Section\n\n\nclass Settings(Section):\n"
        "    names: set[str] = {'a', 'b', 'c', 'd', 'e'}\n"
    )
    code = "import sys; from pathlib import Path; from ringfence.site import load_site; "
    code += "print(load_site(Path(sys.argv[1])).digest)"
    printed = {
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", code, site.path],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "HOME": "/", "PATH": "/usr/bin:/bin"},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
