"""The account that verifies, in the site's files, in the register and in ssh's arguments."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ringfence.site import Site, SiteError
from ringfence.site.access import VERIFY_COMMAND
from ringfence.site.ssh import client_config, ssh_command

Load = Callable[..., Site]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO8QueJCI7erU4H2eVBTFS7pTwa0J+zhpQzlQgRup9vr verify"
ACCESS = f"verify_access:\n  - {{key: {KEY}, owner: ana, expires: 2027-06-30}}\nflows:"
VERIFY = "hosts:\n  bastion1:"


def verifying(load: Load, *more: tuple[str, str], entry: str = "verify: {}") -> Site:
    return load((VERIFY, f"{entry}\n{VERIFY}"), ("flows:", ACCESS), *more)


def test_without_it_the_deploying_account_verifies(site: Site) -> None:
    host = site.host("pbx1")
    assert host.verify is None
    assert [access.command for access in site.access(host)] == [None, None]
    assert ssh_command(site, host, verifying=True) == ssh_command(site, host)


def test_its_keys_run_one_command(load: Load) -> None:
    access = verifying(load).access("pbx1")[-1]
    assert (access.user, access.command) == ("ringfence-verify", VERIFY_COMMAND)
    assert (access.keys[0].owner, access.hops) == ("ana", ())


def test_where_others_jump_through_its_keys_may_jump_on(load: Load) -> None:
    site = verifying(load, ("clients: [acme]", "clients: [acme]\n    ssh: {via: bastion1}"))
    assert site.access("bastion1")[-1].hops == ("10.0.0.2:22",)
    assert site.access("pbx1")[-1].hops == ()


def test_ssh_uses_its_name_and_key_alone(load: Load) -> None:
    site = verifying(load, entry="verify: {user: nightly, identity_file: id_nightly}")
    host = site.host("pbx1")
    command = ssh_command(site, host, verifying=True)
    assert command[command.index("-l") + 1] == "nightly"
    assert command[command.index("-i") + 1] == str(site.path / "id_nightly")
    assert "nightly" in client_config(site, verifying=True).read_text()
    assert "nightly" not in Path(client_config(site)).read_text()
    assert "nightly" not in " ".join(ssh_command(site, host))


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("verify: {user: deploy}", "'deploy' deploys, so it can change hosts"),
        ("verify: {user: ana}", "'ana' is a person or an account of the system"),
        ("verify: {user: root}", "'root' is a person or an account of the system"),
    ],
)
def test_it_is_an_account_of_its_own(load: Load, entry: str, sentence: str) -> None:
    with pytest.raises(SiteError, match=sentence):
        verifying(load, entry=entry)


def test_it_needs_a_key(load: Load) -> None:
    with pytest.raises(SiteError, match=r"add `verify_access` to policy\.yml"):
        load((VERIFY, f"verify: {{}}\n{VERIFY}"))
