from collections.abc import Callable

import pytest

from ringfence.site import Site
from ringfence.site.checks_of_policy import check_retention
from ringfence.site.loader import parse
from ringfence.site.plain import Documents

Problems = Callable[..., list[str]]

PEOPLE = "not one of policy.yml's people; did you mean 'ana'?"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "people:\n",
            "people:\n  root: {full_name: x}\n",
            "policy.yml:6:3: people.root: "
            "'root' is an account of the system: a person needs another name",
        ),
        (
            "people:\n",
            "people:\n  deploy: {full_name: x}\n",
            "policy.yml:6:3: people.deploy: "
            "'deploy' is what Ringfence logs in as: a person needs another name",
        ),
        (
            "KEY2",
            "KEY1",
            "policy.yml:18:10: deploy_access[0].key: "
            "this is a key of ana already; each needs a key of their own",
        ),
        (
            "    full_name: Bruno Vidal\n",
            "    full_name: Bruno\n    ssh_keys: [{key: KEY1 other, expires: 2027-01-01}]\n",
            "policy.yml:14:22: people.bruno.ssh_keys[0].key: "
            "this is a key of ana already; each needs a key of their own",
        ),
        (
            "    owner: ana\n    expires",
            "    owner: anna\n    expires",
            f"policy.yml:19:12: deploy_access[0].owner: 'anna' is {PEOPLE}",
        ),
        (
            "groups: [all]",
            "groups: [alll]",
            "policy.yml:15:14: access[0].groups[0]: "
            "'alll' is a group that no host is in; did you mean 'all'?",
        ),
        (
            "    roles: [administrator]\ndeploy",
            "    roles: [administrators]\ndeploy",
            "policy.yml:16:13: access[0].roles[0]: "
            "'administrators' is a role that nobody has; did you mean 'administrator'?",
        ),
        (
            "    roles: [administrator]\ndeploy",
            "    people: [anna]\ndeploy",
            f"policy.yml:16:14: access[0].people[0]: 'anna' is {PEOPLE}",
        ),
        (
            "from: bastion",
            "from: bastoin",
            "policy.yml:23:12: flows[0].from: "
            "'bastoin' is a group that no host is in; did you mean 'bastion'?",
        ),
        (
            "to: pbx",
            "to: database",
            "policy.yml:23:25: flows[0].to: 'database' is a group that no host is in",
        ),
        (
            "from: bastion, to: pbx",
            "from: internet, to: internet",
            "policy.yml:23:5: flows[0]: leads from the internet to the internet",
        ),
        (
            "flows:\n",
            "flows:\n  - {from: bastion, to: pbx, port: 22, protocol: tcp, purpose: other}\n",
            "policy.yml:24:5: flows[1]: allows the same as flows[0]; keep one of them",
        ),
        (
            "flows:",
            "retention: {access_records_days: 729}\nflows:",
            "policy.yml:22:34: retention.access_records_days: 729 is too short: pbx1 is classified "
            "high, so accesses stay on record for two years, 730 days or more "
            "(RD 1720/2007 art. 103.4)",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    old: str, new: str, expected: str, problems: Problems
) -> None:
    assert problems(old, new) == [expected]


def test_a_short_retention_is_allowed_where_nothing_is_high(load: Callable[..., Site]) -> None:
    site = load(
        ("classification: high", "classification: medium"),
        ("flows:", "retention: {access_records_days: 30}\nflows:"),
    )
    assert site.policy.retention.access_records_days == 30


@pytest.mark.parametrize(("days", "is_told"), [(364, True), (365, False)])
def test_where_cards_are_handled_a_year_is_the_least(days: int, is_told: bool) -> None:
    hosts = parse(b"hosts: {pbx1: {classification: basic, pci: true}}\n", "hosts.yml")
    policy = parse(f"retention: {{access_records_days: {days}}}\n".encode(), "policy.yml")
    found = [str(problem) for problem in check_retention(Documents(hosts, policy, None))]
    assert found == is_told * [
        "policy.yml:1:34: retention.access_records_days: 364 is too short: pbx1 handles cards, so "
        "accesses stay on record for a year, 365 days or more (PCI DSS 10.5.1)"
    ]


def test_a_mistyped_group_of_a_host_is_told_once_and_not_at_each_flow(problems: Problems) -> None:
    assert len(problems("groups: [pbx]", "groups: [pbxx]")) == 1
