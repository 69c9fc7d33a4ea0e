from collections.abc import Callable

import pytest

from ringfence.site import Classification, Site
from ringfence.site.hosts import HostEntry, HostsFile, SshDefaults, SshOverrides
from ringfence.site.meanings import meanings

Problems = Callable[..., list[str]]


def test_every_key_of_hosts_yml_is_described() -> None:
    for model in (HostsFile, HostEntry, SshDefaults, SshOverrides):
        assert list(meanings(model)) == list(model.model_fields), model.__name__


def test_a_host_has_what_its_entry_says(site: Site) -> None:
    host = site.host("pbx1")
    assert host.address == "10.0.0.2"
    assert host.groups == ["pbx"]
    assert host.classification is Classification.HIGH
    assert (host.owner, host.clients) == ("bruno", ["acme"])
    assert (host.pci, host.ephi, host.ens_category) == (False, False, None)


def test_every_host_is_in_all(site: Site) -> None:
    host = site.host("pbx1")
    assert host.in_group("all")
    assert host.in_group("pbx")
    assert not host.in_group("bastion")
    assert "all" not in host.groups


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("name: small", "name:", "hosts.yml:1:1: name: there is no value: it must be text"),
        ("name: small", "name: 3", "hosts.yml:1:7: name: 3 must be text; put it in quotes"),
        (
            "groups: [pbx]",
            "groups: []",
            "hosts.yml:10:13: hosts.pbx1.groups: must not be empty",
        ),
        (
            "    groups: [pbx]\n",
            "",
            "hosts.yml:8:3: hosts.pbx1: 'groups' is missing: add it",
        ),
        (
            "classification: high",
            "classification: hihg",
            "hosts.yml:11:21: hosts.pbx1.classification: "
            "'hihg' is not one of basic, medium, high; did you mean 'high'?",
        ),
        (
            "clients: [acme]",
            "pci: yes",
            "hosts.yml:13:10: hosts.pbx1.pci: 'yes' must be true or false",
        ),
        (
            "clients: [acme]",
            "ssh: {prot: 22}",
            "hosts.yml:13:11: hosts.pbx1.ssh.prot: "
            "there is no key 'prot' here; did you mean 'port'?",
        ),
        (
            "10.0.0.2",
            "10.0.0.256",
            "hosts.yml:9:14: hosts.pbx1.address: "
            "'10.0.0.256' is neither an IP address nor a DNS name",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    old: str, new: str, expected: str, problems: Problems
) -> None:
    assert problems(old, new) == [expected]
