from pathlib import Path
from types import SimpleNamespace

import pytest

from ringfence.site import load_site
from ringfence.site.flows import explain
from ringfence.verify.probes.declared_paths import DeclaredPaths

SITE = load_site(Path(__file__).parents[4] / "inventories" / "example")


def paths(name: str, **more: object) -> DeclaredPaths:
    defaults = {
        "administration": [],
        "egress": [],
        "listeners": [],
        "gateways": ["vpn_gateway"],
        "dhcp": False,
    }
    settings = SimpleNamespace(**{**defaults, **more})
    policy = SimpleNamespace(
        flows=SITE.policy.flows,
        role=lambda role: settings if role == "firewall" else SITE.policy.role(role),
    )
    site = SimpleNamespace(hosts=SITE.hosts, groups=SITE.groups, policy=policy)
    return DeclaredPaths(site, SITE.hosts[name])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SITE.hosts)
def test_both_ways_of_reading_the_matrix_agree(name: str) -> None:
    """The role writes rules by `ringfence.site.flows`; the baseline judges by this."""
    declared = paths(name)
    for peer in SITE.hosts.values():
        if peer.name == name:
            continue
        for port in declared.ports():
            for protocol in ("tcp", "udp"):
                [inwards] = explain(SITE, peer.name, name, port, protocol)
                [outwards] = explain(SITE, name, peer.name, port, protocol)
                assert declared.lets_in(peer.address, protocol, port) == bool(inwards.entering)
                assert declared.lets_out(peer.address, protocol, port) == bool(outwards.leaving)


def test_openings_are_told_as_rules_are() -> None:
    told = paths("database1").inbound()
    assert {"tcp 5432 from 10.20.0.21", "tcp 22 from 10.20.0.11"} <= told
    assert "by IPv6" in {
        text.split(" ", 2)[2] for text in paths("bastion1").inbound() if "by" in text
    }


def test_only_a_gateway_lets_through() -> None:
    assert paths("pbx1").through() == set()
    assert "tcp 5061 from 10.20.1.11 to 10.20.0.21" in paths("vpn1").through()


def test_the_edges_of_a_range_are_tried() -> None:
    assert {9999, 10000, 20000, 20001} <= set(paths("pbx1").ports())


def test_a_listener_is_declared_by_port_process_and_place() -> None:
    entry = SimpleNamespace(
        groups=["database"], port="5432", protocol="tcp", address="loopback", process="postgres"
    )
    declared = paths("database1", listeners=[entry])
    assert declared.may_listen("tcp", "127.0.0.1", 5432, "postgres")
    assert declared.may_listen("tcp", "0.0.0.0", 22, "sshd")
    assert not declared.may_listen("tcp", "0.0.0.0", 22, "perl")
    assert not declared.may_listen("tcp", "127.0.0.1", 5433, "postgres")
    assert not declared.may_listen("udp", "0.0.0.0", 68, "systemd-network")
    assert paths("database1", dhcp=True).may_listen("udp", "0.0.0.0", 68, "systemd-network")
    assert not paths("agent1", listeners=[entry]).may_listen("tcp", "127.0.0.1", 5432, "postgres")
