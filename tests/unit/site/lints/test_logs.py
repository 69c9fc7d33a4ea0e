from collections.abc import Callable

import pytest

from ringfence.site import house

Told = Callable[..., list[str]]

FLOWS = [
    f"  - {{from: {source}, to: log_collector, port: 2514, protocol: tcp, purpose: logs}}\n"
    for source in ("bastion", "pbx", "agents")
]
ELSEWHERE = [(flow, flow.replace("2514", "6514")) for flow in FLOWS]
ANCHOR = "logging: {anchor: bastion1}"


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
        "its port 2514/tcp (logging.port) from agents; add one [logs-without-a-flow]",
        "policy.yml:28:45: flows[7].port: nothing of log1 listens at 6514/tcp, but at 22/tcp and "
        "2514/tcp: take the flow away, or name in firewall.listeners, with `address: any`, what "
        "serves it [flow-that-nothing-serves]",
    ]


def test_a_host_without_any_flow_to_the_collector_is_told_once(told: Told) -> None:
    (line,) = told((FLOWS[2], ""))
    assert line.endswith("[logs-without-a-flow]")


def test_a_flow_to_another_port_is_none(told: Told) -> None:
    line, *others = told(*ELSEWHERE)
    assert all(other.endswith("[flow-that-nothing-serves]") for other in others)
    assert "the logs of bastion1, pbx1 and agent1 don't get to log_collector" in line


def test_the_port_is_the_sites(told: Told) -> None:
    assert told(*ELSEWHERE, (ANCHOR, ANCHOR.replace("{", "{port: 6514, "))) == []


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
    (line,) = told((ANCHOR, f"logging: {{anchor: {anchor}}}"))
    assert says in line
    assert line.endswith("[anchor-that-is-no-other-host]")


def test_an_anchor_on_another_host(told: Told) -> None:
    assert told((ANCHOR, "logging: {anchor: pbx1}")) == []


LOW = ("classification: high", "classification: medium")
HIGH = ("classification: basic", "classification: high")


def test_a_collector_below_a_host_whose_record_it_keeps_is_refused(told: Told) -> None:
    assert told(LOW, HIGH) == [
        "hosts.yml:17:21: hosts.log1.classification: 'medium' is too low for a log_collector: it "
        "keeps the logs of agent1, classified high, so write high [collector-below-its-hosts]"
    ]


def test_a_collector_is_medium_where_others_are(told: Told) -> None:
    assert told(LOW) == []
    (line,) = told((LOW[0], "classification: basic"))
    assert "keeps the logs of bastion1 and pbx1, classified medium, so write medium" in line


def test_each_collector_is_judged(told: Told) -> None:
    second = "log2:\n    address: 10.0.0.5\n    groups: [log_collector]\n    owner: ana\n"
    lines = told(("  agent1:\n", f"  {second}    classification: medium\n  agent1:\n"))
    (line,) = lines
    assert "hosts.log2.classification: 'medium' is too low" in line
    assert "keeps the logs of log1, classified high" in line


def test_data_of_the_high_level_without_an_anchor(told: Told) -> None:
    assert told((ANCHOR, "")) == [
        "policy.yml:1:1: logging: names no anchor, so root on log1 can write the record of "
        "log1, classified high, anew: add `anchor`, the name of another host [no-anchor]"
    ]
    (line,) = told((ANCHOR, "logging: {port: 2514}"), HIGH)
    assert line.startswith("policy.yml:39:1: logging: names no anchor")
    assert "the record of log1 and agent1, classified high" in line


def test_without_data_of_the_high_level_no_anchor_is_missed(told: Told) -> None:
    assert told((ANCHOR, ""), LOW) == []


@pytest.mark.parametrize("days", [400, 729])
def test_a_retention_that_is_below_what_the_level_demands(days: int, told: Told) -> None:
    shorter = (ANCHOR, f"logging: {{anchor: bastion1, retention_days: {days}}}")
    assert told(shorter, HIGH) == [
        f"policy.yml:39:45: logging.retention_days: {days} counts for other hosts alone: log1 and "
        "agent1 are classified high, so their logs are kept for 730 days (RD 1720/2007 art. 103.4) "
        "all the same; write 730, or leave it out where 400 are enough for others "
        "[retention-below-the-level]"
    ]


@pytest.mark.parametrize("more", ["", ", retention_days: 730", ", retention_days: 3650"])
def test_a_retention_that_every_level_allows(more: str, told: Told) -> None:
    assert told((ANCHOR, f"logging: {{anchor: bastion1{more}}}"), HIGH) == []


def test_a_short_retention_without_data_of_the_high_level(told: Told) -> None:
    assert told((ANCHOR, "logging: {anchor: bastion1, retention_days: 400}"), LOW) == []
