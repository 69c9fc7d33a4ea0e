from collections.abc import Callable

import pytest

Told = Callable[..., list[str]]

TO_BASTION = "  - {from: internet, to: bastion, port: 22, protocol: tcp, purpose: people}\n"
TO_PBX = "  - {from: bastion, to: pbx, port: 22, protocol: tcp, purpose: people}\n"
PBX_HOP = "    classification: medium\n    owner: ana\n    ssh: {via: bastion1}\n  log1"
PBX_DIRECT = "    classification: medium\n    owner: ana\n  log1"
FROM_OFFICE = ("firewall:\n", "firewall:\n  administration: [10.9.0.0/28]\n")
ON_2222 = ("accounts:\n", "ssh: {port: 2222}\naccounts:\n")


def test_a_host_to_whose_sshd_nothing_leads(told: Told) -> None:
    assert told((TO_BASTION, "")) == [
        "hosts.yml:3:3: hosts.bastion1: nothing leads to 22/tcp of bastion1: add a flow to one of "
        "its groups, or the addresses that Ringfence comes from to firewall.administration of "
        "policy.yml [no-way-in]"
    ]
    assert told((TO_BASTION, ""), FROM_OFFICE) == []


def test_a_hop_that_the_firewall_shuts_out(told: Told) -> None:
    assert told((TO_PBX, "")) == [
        "hosts.yml:13:16: hosts.pbx1.ssh.via: pbx1 is reached through bastion1, and no flow leads "
        "from there to 22/tcp: add one to policy.yml, between their groups [hop-shut-out]"
    ]
    by_address = ("firewall:\n", "firewall:\n  administration: [10.0.0.1]\n")
    assert told((TO_PBX, ""), by_address) == []


def test_keys_that_are_not_accepted_from_the_hop(told: Told) -> None:
    sources = "sources: [10.0.0.1, 10.9.0.0/28]"
    assert told((sources, "sources: [10.9.0.0/28]")) == [
        "policy.yml:18:1: deploy_access: bastion1 is the way to pbx1, log1 and agent1, and none of "
        "these keys is accepted from there: add 10.0.0.1 to `sources` [key-refused-from-hop]"
    ]
    for accepted in ("sources: [10.0.0.0/24]", "sources: []"):
        assert told((sources, accepted)) == []


def test_keys_of_the_account_that_verifies_are_looked_at_when_it_is_used(
    told: Told, key: str
) -> None:
    entry = f"{{key: {key}, owner: ana, expires: 2027-06-30, sources: [10.9.0.9]}}"
    access = ("flows:\n", f"verify_access: [{entry}]\nflows:\n")
    assert told(access) == []
    (line,) = told(access, ("name: clean\n", "name: clean\nverify: {}\n"))
    assert line.startswith("policy.yml:20:1: verify_access: bastion1 is the way to pbx1, ")


def test_people_whom_the_firewall_shuts_out(told: Told) -> None:
    shut = [(PBX_HOP, PBX_DIRECT), FROM_OFFICE, (TO_PBX, "")]
    assert told(*shut) == [
        "policy.yml:20:1: flows: people may log in to pbx1, and no flow leads there from bastion: "
        "add one to 22/tcp [people-shut-out]"
    ]
    assert told(*shut[:2]) == []


def test_a_bastion_that_only_bastions_reach(told: Told) -> None:
    alone = ("from: internet, to: bastion", "from: bastion, to: bastion")
    assert told(alone) == [
        "policy.yml:20:1: flows: people may log in to bastion1, and no flow leads there but from "
        "bastion: add one from internet, or from a group, to 22/tcp [bastion-shut]"
    ]
    assert told(alone, FROM_OFFICE) == []


def test_a_site_without_a_bastion(told: Told) -> None:
    flows = ("internet, to: bastion", "bastion, to: pbx", "bastion, to: agents")
    moved = [(f"from: {flow}", f"from: {flow.replace('bastion', 'database')}") for flow in flows]
    for port in (22, 2514):
        old = f"from: bastion, to: log_collector, port: {port}"
        moved.append((old, old.replace("bastion", "database")))
    assert told(("groups: [bastion]", "groups: [database]"), *moved) == [
        "policy.yml:11:1: access: people may log in to bastion1, pbx1, log1 and agent1 from "
        "anywhere and without a second factor, for no host is in the group bastion: put one there, "
        "the only way in [no-bastion]"
    ]


def test_a_port_of_sshd_to_which_ringfence_does_not_come(told: Told) -> None:
    found = [line for line in told(ON_2222) if line.endswith("[ssh-port-differs]")]
    assert found == [
        "policy.yml:14:13: ssh.port: 2222 is where sshd will listen, and Ringfence comes to 22 of "
        "bastion1, pbx1, log1 and agent1: let sshd listen on 2222 too, and write `port: 2222` "
        "under ssh in hosts.yml [ssh-port-differs]"
    ]
    came = told(ON_2222, ("name: clean\n", "name: clean\nssh: {port: 2222}\n"))
    assert not any(line.endswith("[ssh-port-differs]") for line in came)


@pytest.mark.parametrize("listener", [False, True])
def test_flows_to_a_port_that_sshd_left(listener: bool, told: Told) -> None:
    entry = "{groups: [all], port: 22, protocol: tcp, address: any, process: endlessh}"
    serve = [("firewall:\n", f"firewall:\n  listeners: [{entry}]\n")] if listener else []
    found = [line for line in told(ON_2222, *serve) if "[flow-to-a-former" in line]
    assert len(found) == (0 if listener else 4)
    if not listener:
        assert found[0] == (
            "policy.yml:22:41: flows[0].port: 22 is served by nothing: sshd listens on 2222 "
            "(ssh.port); write 2222 [flow-to-a-former-ssh-port]"
        )
