from collections.abc import Callable
from pathlib import Path

import pytest

from ringfence.site import SiteError, load_site
from ringfence.site.checks import MOST_OF_A_RULE, cross_check
from ringfence.site.loader import parse
from ringfence.site.plain import Documents

Problems = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "hosts: [pbx1]",
            "hosts: [pbx2]",
            "waivers.yml:3:13: waivers[0].hosts[0]: 'pbx2' is not a host; did you mean 'pbx1'?",
        ),
        (
            "hosts: [pbx1]",
            "groups: [agents]",
            "waivers.yml:3:14: waivers[0].groups[0]: 'agents' is a group that no host is in",
        ),
        (
            "owner: ana\n    approved: ",
            "owner: anna\n    approved: ",
            "waivers.yml:5:12: waivers[0].owner: "
            "'anna' is not one of policy.yml's people; did you mean 'ana'?",
        ),
        (
            "approved_by: bruno",
            "approved_by: brno",
            "waivers.yml:7:18: waivers[0].approved_by: "
            "'brno' is not one of policy.yml's people; did you mean 'bruno'?",
        ),
    ],
)
def test_what_is_wrong_with_a_waiver_is_told_with_its_place(
    old: str, new: str, expected: str, problems: Problems
) -> None:
    assert problems(old, new) == [expected]


def test_a_waiver_is_about_a_control_that_exists(write: Callable[..., Path]) -> None:
    folder = write()
    assert load_site(folder, known_controls={"TOY-01"})
    with pytest.raises(SiteError, match=r"'TOY-01' is not a control; did you mean 'TOY-02'\?"):
        load_site(folder, known_controls={"TOY-02"})


def test_files_that_cannot_be_read_leave_nothing_to_compare() -> None:
    for hosts, policy, waivers in ((1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0)):
        document = parse(b"hosts: {a: {groups: [pbx]}}\nflows: []\nwaivers: []\n", "f")
        documents = Documents(
            document if hosts else None, document if policy else None, document if waivers else None
        )
        assert cross_check(documents) == []


@pytest.mark.parametrize("value", ["3", "[3]", "{a: 3}", "{a: [3]}", "[{a: 3}]", "~", "x"])
def test_values_of_the_wrong_kind_are_left_to_the_models(value: str) -> None:
    keys = ("hosts", "groups", "ssh", "people", "clients", "access", "deploy_access", "flows")
    text = "".join(f"{key}: {value}\n" for key in (*keys, "retention", "waivers"))
    document = parse(text.encode(), "f")
    for problem in cross_check(Documents(document, document, document, {"TOY-01"})):
        assert problem.line >= 1


def test_a_rule_that_everything_breaks_stops_at_two_hundred() -> None:
    flows = "".join(f"  - {{from: a{number}, to: b{number}}}\n" for number in range(400))
    hosts = parse(b"hosts: {h: {groups: [pbx]}}\n", "hosts.yml")
    policy = parse(f"flows:\n{flows}".encode(), "policy.yml")
    assert len(cross_check(Documents(hosts, policy, None))) == MOST_OF_A_RULE
