from collections.abc import Callable
from pathlib import Path

import pytest

from ringfence.site import House, SiteError, load_site

Told = Callable[..., list[str]]

FLOWS = "".join(
    f"  - {{from: {source}, to: log_collector, port: 123, protocol: udp, purpose: time}}\n"
    for source in ("bastion", "pbx", "agents")
)
SOURCES = "[{address: 10.9.0.1}, {address: 10.9.0.2}, {address: time.example.org, nts: true}]"
EGRESS = """\
    - {groups: [log_collector], to: [10.9.0.0/24], port: 123, protocol: udp, purpose: time}
    - {groups: [log_collector], to: [10.9.0.0/24], port: 4460, protocol: tcp, purpose: NTS}
"""


@pytest.fixture
def house(house_with: Callable[[str], House]) -> House:
    """The checkout with the role `time` in its table."""
    return house_with("time")


@pytest.fixture
def told(load: Callable[..., object], tmp_path: Path, house: House) -> Told:
    """Return what is told of the clean site with a section `time`, and with more flows."""
    load()

    def lines(time: str, flows: str = FLOWS, egress: str = EGRESS) -> list[str]:
        policy = tmp_path / "policy.yml"
        text, _, _ = policy.read_text().partition("time:\n  sources:")
        text = text.replace("firewall:\n  egress:\n", f"{flows}firewall:\n  egress:\n{egress}")
        policy.write_text(text + time)
        try:
            problems = load_site(tmp_path, house=house).warnings
        except SiteError as error:
            problems = error.problems
        return [
            str(p).removeprefix(f"{tmp_path}/")
            for p in problems
            if "time" in str(p).rpartition("[")[2]
        ]

    return lines


def section(*lines: str) -> str:
    return "time:\n" + "".join(f"  {line}\n" for line in lines)


def test_servers_and_sources_within_reach_are_good(told: Told) -> None:
    assert told(section("servers: [log1]", f"sources: {SOURCES}")) == []


def test_a_site_without_time_is_told_of_it(told: Told) -> None:
    (line,) = told("")
    assert "names neither sources of time nor servers of the site's" in line
    assert line.endswith("[no-time-is-declared]")


def test_hosts_without_a_flow_to_the_server_are_named(told: Told) -> None:
    (line,) = told(
        section("servers: [log1]", f"sources: {SOURCES}"), flows=FLOWS.split("\n")[0] + "\n"
    )
    assert "time.servers[0]: no flow leads from pbx1 and agent1 to log1 by 123/udp" in line
    assert line.endswith("[server-of-time-out-of-reach]")


def test_a_source_that_servers_cannot_reach_is_named(told: Told) -> None:
    given = section("servers: [log1]", f"sources: {SOURCES.replace('10.9.0.2', '192.0.2.2')}")
    (line,) = told(given)
    assert "time.sources[1]: nothing lets log1 out to 192.0.2.2 by 123/udp" in line
    assert line.endswith("[source-of-time-out-of-reach]")


def test_nts_wants_a_way_out_of_its_own(told: Told) -> None:
    (line,) = told(
        section("servers: [log1]", f"sources: {SOURCES}"), egress=EGRESS.split("\n")[0] + "\n"
    )
    assert "nothing lets log1 out to time.example.org by 4460/tcp" in line


def test_without_servers_every_host_must_reach_the_sources(told: Told) -> None:
    first, *_ = told(section(f"sources: {SOURCES.replace('10.9.0.1', '192.0.2.1')}"))
    assert "nothing lets bastion1, pbx1, log1 and agent1 out to 192.0.2.1" in first


def test_two_sources_outvote_nobody(told: Told) -> None:
    (line,) = told(
        section("servers: [log1]", "sources: [{address: 10.9.0.1}, {address: 10.9.0.2}]")
    )
    assert "time.sources: 2 of them can't outvote a wrong one: name 3 at least" in line
    assert line.endswith("[too-few-sources-of-time]")
