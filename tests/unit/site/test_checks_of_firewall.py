import pytest

from ringfence.site.checks_of_firewall import CHECKS
from ringfence.site.loader import parse
from ringfence.site.plain import Documents

HOSTS = b"hosts: {pbx1: {groups: [pbx]}}\n"


def problems(firewall: str) -> list[str]:
    policy = parse(f"firewall: {firewall}\n".encode(), "policy.yml")
    documents = Documents(parse(HOSTS, "hosts.yml"), policy, None)
    return [str(problem) for check in CHECKS for problem in check(documents)]


@pytest.mark.parametrize("key", ["egress", "listeners"])
def test_a_group_that_no_host_is_in_is_told_with_its_place(key: str) -> None:
    (found,) = problems(f"{{{key}: [{{groups: [pbx, all, pbxx]}}]}}")
    assert found.endswith(
        f"firewall.{key}[0].groups[2]: 'pbxx' is a group that no host is in; did you mean 'pbx'?"
    )
    assert problems(f"{{{key}: [{{groups: [pbx, all]}}, {{}}, 3]}}") == []


def test_a_gateway_is_a_group_though_it_may_have_no_host() -> None:
    assert problems("{gateways: [vpn_gateway, pbx]}") == []
    assert problems("{gateways: [vpn_gatewy]}") == [
        "policy.yml:1:23: firewall.gateways[0]: 'vpn_gatewy' is not a group; "
        "did you mean 'vpn_gateway'?"
    ]
