from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from ringfence.errors import UsageError
from ringfence.site import Site, load_site
from ringfence.site import flows as flows_module
from ringfence.site.flows import Rule, explain, host_rules, matrix

EXAMPLE = Path(__file__).parents[3] / "inventories" / "example"


def settings(**more: object) -> SimpleNamespace:
    defaults = {
        "administration": [],
        "egress": [],
        "listeners": [],
        "gateways": ["vpn_gateway"],
    }
    return SimpleNamespace(**{**defaults, **more})


@pytest.fixture
def site() -> Site:
    return load_site(EXAMPLE)


Decide = Callable[..., None]


@pytest.fixture
def decide(monkeypatch: pytest.MonkeyPatch) -> Decide:
    """Let the policy of the role `firewall` say this."""

    def to(**more: object) -> None:
        monkeypatch.setattr(flows_module, "firewall_settings", lambda _site: settings(**more))

    to()
    return to


def told(rules: list[Rule]) -> set[str]:
    return {
        f"{','.join(rule.sources)}>{','.join(rule.destinations)} {rule.port}/{rule.protocol}"
        for rule in rules
    }


def test_a_flow_opens_both_of_its_ends(site: Site, decide: Decide) -> None:
    assert "10.20.0.21> 5432/tcp" in told(host_rules(site, site.hosts["database1"]).inbound)
    assert ">10.20.0.31 5432/tcp" in told(host_rules(site, site.hosts["pbx1"]).outbound)


def test_nothing_is_open_that_no_flow_names(site: Site, decide: Decide) -> None:
    rules = host_rules(site, site.hosts["database1"])
    assert told(rules.inbound) == {"10.20.0.11> 22/tcp", "10.20.0.21> 5432/tcp"}
    assert told(rules.outbound) == {">10.20.0.42 8000/tcp", ">10.20.0.41 2514/tcp"}


def test_a_group_of_two_is_two_addresses(site: Site, decide: Decide) -> None:
    inbound = told(host_rules(site, site.hosts["pbx1"]).inbound)
    assert "10.20.1.11,10.20.1.12> 10000-20000/udp" in inbound


def test_the_internet_stays_the_internet(site: Site, decide: Decide) -> None:
    assert "internet> 22/tcp" in told(host_rules(site, site.hosts["bastion1"]).inbound)
    assert ">internet 5061/tcp" in told(host_rules(site, site.hosts["pbx1"]).outbound)


def test_only_a_gateway_passes_flows_on(site: Site, decide: Decide) -> None:
    gateway = host_rules(site, site.hosts["vpn1"])
    assert gateway.is_gateway
    assert "10.20.1.11,10.20.1.12>10.20.0.21 5061/tcp" in told(gateway.forwarded)
    assert not any("internet" in text for text in told(gateway.forwarded))
    assert not any("10.20.0.12" in text for text in told(gateway.forwarded))
    for name in set(site.hosts) - {"vpn1"}:
        rules = host_rules(site, site.hosts[name])
        assert not rules.is_gateway
        assert rules.forwarded == []


def test_administration_opens_ssh_everywhere(site: Site, decide: Decide) -> None:
    decide(administration=["10.20.9.0/28"])
    for host in site.hosts.values():
        assert "10.20.9.0/28> 22/tcp" in told(host_rules(site, host).inbound)


def test_egress_is_for_its_groups(site: Site, decide: Decide) -> None:
    egress = SimpleNamespace(
        groups=["pbx"], to=["internet", "10.9.0.0/24"], port="53", protocol="udp", purpose="names"
    )
    decide(egress=[egress])
    outbound = told(host_rules(site, site.hosts["pbx1"]).outbound)
    assert {">internet 53/udp", ">10.9.0.0/24 53/udp"} <= outbound
    agent = told(host_rules(site, site.hosts["agent1"]).outbound)
    assert not any(" 53/udp" in text for text in agent)


def test_a_group_that_nobody_is_in_is_named(site: Site, decide: Decide) -> None:
    decide(listeners=[SimpleNamespace(groups=["pbxx"])])
    with pytest.raises(UsageError, match=r"listeners\[0\]: 'pbxx' .* did you mean 'pbx'"):
        host_rules(site, site.hosts["pbx1"])


@pytest.mark.parametrize(
    ("source", "destination", "port", "protocol", "allowed"),
    [
        ("agent1", "pbx1", 5061, "tcp", True),
        ("agents", "pbx", 15000, "udp", True),
        ("agent1", "pbx1", 9999, "udp", False),
        ("agent1", "database1", 5432, "tcp", False),
        ("pbx1", "recordings1", 5061, "tcp", False),
        ("internet", "bastion1", 22, "tcp", True),
        ("198.51.100.7", "bastion1", 22, "tcp", True),
        ("agent1", "bastion1", 22, "tcp", False),
        ("pbx1", "internet", 5061, "tcp", True),
        ("10.20.0.21", "database1", 5432, "tcp", True),
    ],
)
def test_a_path_is_explained(
    site: Site,
    decide: Decide,
    source: str,
    destination: str,
    port: int,
    protocol: str,
    allowed: bool,
) -> None:
    paths = explain(site, source, destination, port, protocol)
    assert [path.allowed for path in paths] == [allowed] * len(paths)
    for path in paths:
        assert ("allowed by flows[" in path.sentence) == allowed
        assert ("dropped: no flow allows it" in path.sentence) != allowed


def test_the_end_that_drops_is_named(site: Site, decide: Decide) -> None:
    decide(administration=["10.20.1.11/32"])
    [path] = explain(site, "agent1", "database1", 22, "tcp")
    assert path.sentence.endswith(
        "agent1 rejects it on the way out, though firewall.administration would let it in"
    )
    [path] = explain(site, "internet", "database1", 22, "tcp")
    assert path.sentence.endswith("database1 rejects it on the way in")


def test_unknown_ends_get_the_nearest_name(site: Site, decide: Decide) -> None:
    with pytest.raises(UsageError, match="no host or group 'agnt1'; did you mean 'agent1'"):
        explain(site, "agnt1", "pbx1", 5061, "tcp")
    with pytest.raises(UsageError, match="same host"):
        explain(site, "pbx", "pbx1", 5061, "tcp")


def test_the_matrix_has_every_line(site: Site, decide: Decide) -> None:
    decide(
        administration=["10.20.9.1/32"],
        egress=[
            SimpleNamespace(groups=["all"], to=["internet"], port="53", protocol="udp", purpose="n")
        ],
    )
    lines = matrix(site)
    assert len(lines) == len(site.policy.flows) + 2
    assert (lines[-2].source, lines[-2].destination) == ("10.20.9.1", "all")
    assert (lines[-1].source, lines[-1].destination) == ("all", "internet")


def test_without_the_role_the_flows_are_all(site: Site) -> None:
    assert [line.origin for line in matrix(site)][:1] == ["flows[0]"]


def test_an_end_may_be_every_host_and_a_group_without_hosts_is_told_so(site: Site) -> None:
    paths = explain(site, "all", "database", 5432, "tcp")
    assert len(paths) == len(site.hosts) - 1
    del site.hosts["database1"]
    with pytest.raises(UsageError, match=r"database is a group that no host of \S+ is in"):
        explain(site, "agent1", "database", 5432, "tcp")
