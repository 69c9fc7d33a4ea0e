from collections.abc import Callable

import pytest

from ringfence.site import Site

Problems = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "groups: [pbx]",
            "groups: [pbxx]",
            "hosts.yml:10:14: hosts.pbx1.groups[0]: 'pbxx' is not a group; did you mean 'pbx'?",
        ),
        (
            "groups: [pbx]",
            "groups: [PBX]",
            "hosts.yml:10:14: hosts.pbx1.groups[0]: 'PBX' is not a group; did you mean 'pbx'?",
        ),
        (
            "groups: [pbx]",
            "groups: [pbx, all]",
            "hosts.yml:10:19: hosts.pbx1.groups[1]: every host is in 'all': leave it out",
        ),
        (
            "groups: [pbx]",
            "groups: [pbx, pbx]",
            "hosts.yml:10:19: hosts.pbx1.groups[1]: 'pbx' is in this list already",
        ),
        (
            "name: small\n",
            "name: small\ngroups: {inventory: x}\n",
            "hosts.yml:2:10: groups.inventory: 'inventory' is taken",
        ),
        (
            "name: small\n",
            "name: small\ngroups: {pbx: x}\n",
            "hosts.yml:2:10: groups.pbx: 'pbx' is a group of the product, and needs no line",
        ),
        (
            "10.0.0.2",
            "10.0.0.1",
            "hosts.yml:9:14: hosts.pbx1.address: '10.0.0.1' is the address of bastion1 already",
        ),
        (
            "address: 10.0.0.1\n",
            "address: bastion.example\n",
            "hosts.yml:4:14: hosts.bastion1.address: 'bastion.example' is a name; "
            "write the IP address, to which keys are tied",
        ),
        (
            "clients: [acme]",
            "ssh: {via: bastion}",
            "hosts.yml:13:16: hosts.pbx1.ssh.via: "
            "'bastion' is not a host; did you mean 'bastion1'?",
        ),
        (
            "clients: [acme]",
            "ssh: {via: pbx1}",
            "hosts.yml:13:16: hosts.pbx1.ssh.via: the way to 'pbx1' leads through 'pbx1' itself",
        ),
        (
            "owner: bruno",
            "owner: brno",
            "hosts.yml:12:12: hosts.pbx1.owner: "
            "'brno' is not one of policy.yml's people; did you mean 'bruno'?",
        ),
        (
            "clients: [acme]",
            "clients: [acmee]",
            "hosts.yml:13:15: hosts.pbx1.clients[0]: "
            "'acmee' is not one of policy.yml's clients; did you mean 'acme'?",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    old: str, new: str, expected: str, problems: Problems
) -> None:
    assert problems(old, new) == [expected]


def test_a_group_that_is_near_none_lists_the_groups(problems: Problems) -> None:
    (found,) = problems("groups: [pbx]", "groups: [pbx, zzz]")
    assert "'zzz' is not a group; the groups are bastion, vpn_gateway, pbx" in found


def test_a_hop_in_a_circle_is_told_at_each_host(problems: Problems) -> None:
    found = problems(
        "    owner: ana\n  pbx1:",
        "    owner: ana\n    ssh: {via: pbx1}\n  pbx1:\n    ssh: {via: bastion1}",
    )
    assert len(found) == 2
    assert all("leads through" in line for line in found)


def test_a_hop_beside_a_configuration_file_is_refused(problems: Problems) -> None:
    (found,) = problems(
        "name: small\nhosts:",
        "name: small\nssh: {config_file: x}\nhosts:\n  pbx2:\n    address: 10.0.0.9\n"
        "    groups: [pbx]\n    classification: basic\n    owner: ana\n    ssh: {via: pbx1}",
    )
    assert "has no effect beside ssh.config_file: write ProxyJump in that file" in found


def test_one_address_with_several_ports_is_several_hosts(load: Callable[..., Site]) -> None:
    site = load(("address: 10.0.0.2\n", "address: 10.0.0.1\n    ssh: {port: 2202}\n"))
    assert {host.address for host in site.hosts.values()} == {"10.0.0.1"}
