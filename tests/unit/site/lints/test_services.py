from collections.abc import Callable
from pathlib import Path

import pytest

Told = Callable[..., list[str]]

CALLS = "  - {from: agents, to: pbx, port: 5061, protocol: tcp, purpose: calls}\n"


def listening(*entries: str) -> tuple[str, str]:
    return "firewall:\n", f"firewall:\n  listeners: [{', '.join(entries)}]\n"


@pytest.mark.parametrize("group", ["pbx", "bastion", "log_collector", "database"])
def test_an_agent_with_a_servers_role_is_refused(group: str, told: Told) -> None:
    (line,) = told(("groups: [agents]", f"groups: [agents, {group}]"))
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
