from collections.abc import Callable

import pytest

from ringfence.site import house

Told = Callable[..., list[str]]

FLOWS = [
    f"  - {{from: {source}, to: log_collector, port: 2514, protocol: tcp, purpose: logs}}\n"
    for source in ("bastion", "pbx", "agents")
]
ELSEWHERE = [(flow, flow.replace("2514", "6514")) for flow in FLOWS]


@pytest.fixture(autouse=True)
def logging_is_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge as a house does whose table of roles has `logging`."""
    table = house._read_table
    monkeypatch.setattr(house, "_read_table", lambda root: {**table(root), "logging": ["all"]})


def test_hosts_whose_flows_lead_to_the_port_send_their_logs(told: Told) -> None:
    assert told() == []


def test_a_host_without_a_flow_to_the_port(told: Told) -> None:
    assert told(*ELSEWHERE[2:]) == [
        "policy.yml:20:1: flows: the logs of agent1 don't get to log_collector: no flow leads to "
        "its port 2514/tcp (logging.port) from agents; add one [logs-without-a-flow]"
    ]


def test_a_host_without_any_flow_to_the_collector_is_told_once(told: Told) -> None:
    (line,) = told((FLOWS[2], ""))
    assert line.endswith("[logs-without-a-flow]")


def test_a_flow_to_another_port_is_none(told: Told) -> None:
    (line,) = told(*ELSEWHERE)
    assert "the logs of bastion1, pbx1 and agent1 don't get to log_collector" in line


def test_the_port_is_the_sites(told: Told) -> None:
    port = ("firewall:\n", "logging: {port: 6514}\nfirewall:\n")
    assert told(*ELSEWHERE, port) == []


def test_a_range_of_ports_covers_it(told: Told) -> None:
    assert told(*((old, old.replace("2514", '"2000-3000"')) for old in FLOWS)) == []


def test_logs_that_go_nowhere(told: Told) -> None:
    lines = told(
        ("groups: [log_collector]\n    class", "groups: [wallboard]\n    class"),
        ("name: clean\n", "name: clean\ngroups: {wallboard: screens}\n"),
        ("  - {groups: [log_collector], roles: [security_officer]}\n", ""),
        *((flow, "") for flow in FLOWS),
        ("  - {from: bastion, to: log_collector, port: 22, protocol: tcp, purpose: people}\n", ""),
    )
    assert any("[logs-go-nowhere]" in line for line in lines)


@pytest.mark.parametrize(
    ("anchor", "says"),
    [
        ("log1", "'log1' is a collector itself: name another host"),
        ("pbx2", "'pbx2' is no host of hosts.yml; did you mean 'pbx1'?"),
    ],
)
def test_an_anchor_that_is_no_other_host(anchor: str, says: str, told: Told) -> None:
    (line,) = told(("firewall:\n", f"logging: {{anchor: {anchor}}}\nfirewall:\n"))
    assert says in line
    assert line.endswith("[anchor-that-is-no-other-host]")


def test_an_anchor_on_another_host(told: Told) -> None:
    assert told(("firewall:\n", "logging: {anchor: pbx1}\nfirewall:\n")) == []
