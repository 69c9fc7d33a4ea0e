from collections.abc import Callable
from pathlib import Path

import pytest

from ringfence.site import house

Told = Callable[..., list[str]]
CHECKOUT = Path(__file__).parents[4]

NAMES = "    - {to: [10.9.0.53], port: 53, protocol: udp, purpose: names}\n"
TIME = "    - {to: [10.9.0.48/29], port: 123, protocol: udp, purpose: time}\n"
PACKAGES = "    - {to: [internet], port: 443, protocol: tcp, purpose: packages}\n"
ALERTS = "    - {to: [10.9.0.25], port: 25, protocol: tcp, purpose: alerts}\n"
CHANNEL = """\
alerts:
  mail: [{name: soc, server: 10.9.0.25, port: 25, sender: r@example.org, to: [s@example.org]}]
"""
LOGS = "  - {from: agents, to: log_collector, port: 2514, protocol: tcp, purpose: logs}\n"
SOURCES = """\
time:
  sources: [{address: 10.9.0.53}, {address: 10.9.0.54}, {address: 10.9.0.55}]
"""
WHOLE = f"firewall:\n  egress:\n{NAMES}{TIME}{PACKAGES}{ALERTS}{SOURCES}{CHANNEL}"
ISOLATED = """\
  - {from: pbx, to: bastion, port: 123, protocol: udp, purpose: time}
  - {from: log_collector, to: bastion, port: 123, protocol: udp, purpose: time}
  - {from: agents, to: bastion, port: 123, protocol: udp, purpose: time}
time: {servers: [bastion1], isolated: true}
"""
EVERYWHERE = "bastion1, pbx1, log1 and agent1"


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Takes a role from the house's table."""
    table = house._read_table

    def take(name: str) -> None:
        left = {role: groups for role, groups in table(CHECKOUT).items() if role != name}
        monkeypatch.setattr(house, "_read_table", lambda _root: left)

    return take


@pytest.mark.parametrize(
    ("entry", "what", "ports", "name"),
    [
        (NAMES, "name server", "53/udp, 53/tcp or 853/tcp", "[no-name-server]"),
        (
            PACKAGES,
            "mirror of Debian's packages",
            "80, 443, 3128, 3142 or 8080/tcp",
            "[no-package-mirror]",
        ),
    ],
)
def test_what_no_host_reaches(entry: str, what: str, ports: str, name: str, told: Told) -> None:
    assert told((entry, "")) == [
        f"policy.yml:30:3: firewall.egress: no {what} can be reached from {EVERYWHERE}: nothing "
        f"lets out {ports}; add its address to firewall.egress {name}"
    ]


def test_no_source_of_time_is_reached(told: Told, without: Callable[[str], None]) -> None:
    """In a house without the role `time`, which knows whom hosts ask."""
    without("time")
    assert told((TIME, ""), (SOURCES, "")) == [
        f"policy.yml:30:3: firewall.egress: no source of time can be reached from {EVERYWHERE}: "
        "nothing lets out 123/udp; add its address to firewall.egress [no-time-source]"
    ]


def test_hosts_that_an_egress_leaves_out_are_named(told: Told) -> None:
    (line,) = told((PACKAGES, PACKAGES.replace("{to", "{groups: [pbx, agents], to")))
    assert "can be reached from bastion1 and log1:" in line


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (NAMES, NAMES.replace("port: 53, protocol: udp", "port: 853, protocol: tcp")),
        (PACKAGES, PACKAGES.replace("443", '"3000-4000"')),
    ],
)
def test_other_ports_serve_too(old: str, new: str, told: Told) -> None:
    assert told((old, new)) == []


def test_a_flow_to_another_host_of_the_sites_serves_too(
    told: Told, without: Callable[[str], None]
) -> None:
    without("time")
    sources = ("bastion", "pbx", "agents")
    flows = "".join(
        f"  - {{from: {source}, to: log_collector, port: 123, protocol: udp, purpose: time}}\n"
        for source in sources
    )
    (line,) = told((TIME, ""), (SOURCES, ""), ("firewall:\n", f"{flows}firewall:\n"))
    assert "no source of time can be reached from log1:" in line


def test_a_policy_without_the_section_is_told_of_it_at_its_beginning(told: Told) -> None:
    found = [line for line in told((WHOLE, ISOLATED)) if "nobody-hears" not in line]
    assert len(found) == 2
    assert all(line.startswith("policy.yml:1:1: firewall.egress: ") for line in found)


def test_nothing_outside_of_a_lab_is_missed(told: Told, tmp_path: Path) -> None:
    (tmp_path / "lab.yml").touch()
    (line,) = told((WHOLE, ISOLATED))
    assert line.endswith("[nobody-hears-alerts]")


def test_hosts_without_a_flow_to_the_collector(told: Told, without: Callable[[str], None]) -> None:
    """In a house without the role `logging`, which knows the port."""
    without("logging")
    expected = [
        "policy.yml:20:1: flows: no logs get to log_collector from agent1: no flow leads there, "
        "but to sshd; add one [no-collector]"
    ]
    unknown = ("logging: {anchor: bastion1}\n", "")
    assert told(unknown, (LOGS, "")) == expected
    assert told(unknown, (LOGS, LOGS.replace("2514", "22"))) == expected


def test_a_host_whose_address_is_a_name(told: Told) -> None:
    assert told(("10.0.0.4", "agent1.example")) == [
        "hosts.yml:21:14: hosts.agent1.address: 'agent1.example' is a name, which no packet filter "
        "knows, so no host gets its firewall: write the IP address [named-host]"
    ]
