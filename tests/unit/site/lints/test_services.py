from collections.abc import Callable
from pathlib import Path

import pytest

from ringfence.site import load_site
from ringfence.site.sampling import SAMPLE

Told = Callable[..., list[str]]
CHECKOUT = Path(__file__).parents[4]

CALLS = "  - {from: agents, to: pbx, port: 5061, protocol: tcp, purpose: calls}\n"


def listening(*entries: str) -> tuple[str, str]:
    return "firewall:\n", f"firewall:\n  listeners: [{', '.join(entries)}]\n"


@pytest.mark.parametrize("group", ["pbx", "bastion", "log_collector", "database"])
def test_an_agent_with_a_servers_role_is_refused(group: str, told: Told) -> None:
    high = ("classification: basic", "classification: high")
    (line,) = told(("groups: [agents]", f"groups: [agents, {group}]"), high)
    assert line == (
        f"hosts.yml:22:22: hosts.agent1.groups[1]: '{group}' is a server's work, and an agent sits "
        "at agent1: let another host do it (PCI DSS 2.2.3) [agent-with-a-servers-role]"
    )


def test_an_agent_in_a_group_of_the_sites_own_is_one(told: Told) -> None:
    own = ("name: clean\n", "name: clean\ngroups: {wallboard: screens}\n")
    assert told(own, ("groups: [agents]", "groups: [agents, wallboard]")) == []


LOOPBACK = "{groups: [pbx], port: 5061, protocol: tcp, process: kamailio}"


def test_a_flow_to_a_service_on_the_loopback(told: Told) -> None:
    assert told(listening(LOOPBACK)) == [
        "policy.yml:25:35: flows[4].port: 5061/tcp is served on the loopback alone, by kamailio of "
        "pbx1 (firewall.listeners[0]): write `address: any` there, or take the flow away "
        "[flow-to-a-loopback-service]"
    ]


@pytest.mark.parametrize(
    "entries",
    [
        [LOOPBACK.replace("tcp,", "tcp, address: any,")],
        [LOOPBACK, LOOPBACK.replace("tcp,", "tcp, address: any,")],
        [LOOPBACK.replace("pbx", "agents")],
        [LOOPBACK.replace("tcp", "udp")],
    ],
)
def test_a_flow_to_a_service_on_every_address(entries: list[str], told: Told) -> None:
    assert told(listening(*entries)) == []


@pytest.mark.parametrize("port", ["5060-5061", "5061-5070", "5000-5100"])
def test_a_range_that_leads_to_a_service_on_the_loopback(port: str, told: Told) -> None:
    (line,) = told(listening(LOOPBACK), (CALLS, CALLS.replace("5061", f'"{port}"')))
    assert line.endswith(
        f"flows[4].port: 5061/tcp, of {port}, is served on the loopback alone, by kamailio of pbx1 "
        "(firewall.listeners[0]): write `address: any` there, or take it out of the flow "
        "[flow-to-a-loopback-service]"
    )


def test_a_range_beside_a_service_on_the_loopback(told: Told) -> None:
    assert told(listening(LOOPBACK), (CALLS, CALLS.replace("5061", '"5062-5070"'))) == []


def test_what_is_open_at_one_port_opens_none_of_the_loopback(told: Told) -> None:
    beside = LOOPBACK.replace("5061, protocol: tcp,", "5060, protocol: tcp, address: any,")
    (line,) = told(listening(beside, LOOPBACK), (CALLS, CALLS.replace("5061", '"5060-5061"')))
    assert "5061/tcp, of 5060-5061, is served on the loopback alone" in line
    assert "(firewall.listeners[1])" in line


def flow(destination: str, port: str, protocol: str = "tcp", source: str = "agents") -> str:
    ends = f"from: {source}, to: {destination}"
    return f"  - {{{ends}, port: {port}, protocol: {protocol}, purpose: x}}\n"


def with_flow(*entry: str) -> tuple[str, str]:
    return CALLS, CALLS + flow(*entry)


def test_a_flow_that_nothing_serves(told: Told) -> None:
    assert told(with_flow("log_collector", "9999")) == [
        "policy.yml:26:45: flows[5].port: nothing of log1 listens at 9999/tcp, but at 22/tcp and "
        "2514/tcp: take the flow away, or name in firewall.listeners, with `address: any`, what "
        "serves it [flow-that-nothing-serves]"
    ]
    (line,) = told(with_flow("bastion", "2514"))
    assert "nothing of bastion1 listens at 2514/tcp, but at 22/tcp:" in line


def test_a_flow_to_workstations_that_nothing_is_known_to_serve(told: Told) -> None:
    assert told(with_flow("agents", "9999", "tcp", "pbx")) == [
        "policy.yml:26:35: flows[5].port: nothing of agent1 is known to listen at 9999/tcp, but at "
        "22/tcp: take the flow away, or name in firewall.listeners, with `address: any`, what "
        "serves it [flow-that-nothing-serves]"
    ]
    (line,) = told(with_flow("agents", '"9000-9999"', "tcp", "bastion"))
    assert "nothing of agent1 is known to listen at 9000-9999/tcp" in line


@pytest.mark.parametrize(
    "entry",
    [
        ("log_collector", "22"),
        ("agents", '"20-30"'),
        ("agents", "9999", "udp", "pbx"),  # voice comes to softphones
        ("agents", "5061", "tcp", "pbx"),  # and calls do
        ("agents", '"5000-5100"', "tcp", "pbx"),
        ("log_collector", '"2500-2600"'),
        ("bastion", "123", "udp"),
        ("pbx", "9999"),  # what a site's own servers serve, only its flows say
        ("internet", "9999"),
        ("all", "9999"),
    ],
)
def test_a_flow_that_something_may_serve(entry: tuple[str, ...], told: Told) -> None:
    time = ("time:\n", "time:\n  servers: [bastion1]\n") if entry[-1] == "udp" else None
    lines = told(with_flow(*entry), *([time] if time else []))
    assert not [line for line in lines if "[flow-that-nothing-serves]" in line]


def test_a_declared_listener_serves_a_flow(told: Told) -> None:
    exporter = "{groups: [all], port: 9100, protocol: tcp, address: any, process: node_exporter}"
    assert told(listening(exporter), with_flow("log_collector", "9100")) == []


def test_a_declared_listener_serves_a_flow_to_workstations(told: Told) -> None:
    viewer = "{groups: [agents], port: 5900, protocol: tcp, address: any, process: x11vnc}"
    assert told(listening(viewer), with_flow("agents", "5900", "tcp", "bastion")) == []


def test_calls_come_to_workstations_at_the_sites_own_ports_of_sip(told: Told) -> None:
    own = ("firewall:\n", "firewall:\n  sip: {ports: [5070]}\n")
    assert told(own, with_flow("agents", "5070", "tcp", "pbx")) == []
    assert len(told(with_flow("agents", "5070", "tcp", "pbx"))) == 1


def test_a_workstation_with_another_work_may_serve_anything(told: Told) -> None:
    own = ("name: clean\n", "name: clean\ngroups: {wallboard: screens}\n")
    groups = ("groups: [agents]", "groups: [agents, wallboard]")
    assert told(own, groups, with_flow("agents", "9999", "tcp", "pbx")) == []


@pytest.mark.parametrize("site", [SAMPLE, *(CHECKOUT / "inventories").iterdir()])
def test_the_sites_that_are_shipped_have_no_flow_that_nothing_serves(site: Path) -> None:
    warnings = load_site(site).warnings
    assert not [one for one in warnings if "[flow-that-nothing-serves]" in one.message]


def test_a_host_with_another_work_may_serve_anything(told: Told) -> None:
    groups = ("groups: [bastion]", "groups: [bastion, vpn_gateway]")
    assert told(groups, with_flow("bastion", "51820", "udp", "internet")) == []


def test_a_flow_to_the_port_that_sshd_left_is_told_once(told: Told) -> None:
    lines = told(("firewall:\n", "ssh: {port: 2222}\nfirewall:\n"))
    assert not [line for line in lines if "[flow-that-nothing-serves]" in line]


OPEN = "{groups: [pbx], port: 8088, protocol: tcp, address: any, process: asterisk}"


def test_a_listener_that_no_flow_reaches(told: Told) -> None:
    assert told(listening(OPEN)) == [
        "policy.yml:30:37: firewall.listeners[0].port: no flow leads to 8088/tcp, where asterisk "
        "listens on every address of pbx1: add the flow, or let it listen on the loopback "
        "[listener-that-no-flow-reaches]"
    ]


@pytest.mark.parametrize(
    "entry",
    [
        OPEN.replace("8088", '"5000-5100"'),
        OPEN.replace("any", "loopback"),
        OPEN.replace("tcp", "udp"),  # whoever asks by udp listens for the answer
    ],
)
def test_a_listener_that_is_reached_or_needs_not_be(entry: str, told: Told) -> None:
    assert told(listening(entry)) == []


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ([(CALLS, "")], True),
        ([], False),
        ([(CALLS, ""), listening(LOOPBACK)], False),
    ],
)
def test_a_service_that_an_apply_would_stop(
    changes: list[tuple[str, str]], is_told: bool, told: Told
) -> None:
    found = told(*changes, ("  egress:\n", "  stop_undeclared: true\n  egress:\n"))
    assert len(found) == is_told
    for line in found:
        assert line.endswith(
            "firewall.stop_undeclared: true stops what pbx1 serves as pbx, for no flow leads "
            "there, but to sshd: declare its flows, or its listeners [service-to-be-stopped]"
        )


def test_what_is_undeclared_may_go_on_where_nothing_is_stopped(told: Told) -> None:
    assert told((CALLS, "")) == []


def test_a_host_of_a_lab_may_stand_for_many(told: Told, tmp_path: Path) -> None:
    (tmp_path / "lab.yml").touch()
    assert told(("groups: [agents]", "groups: [agents, pbx]")) == []
