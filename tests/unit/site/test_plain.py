import pytest

from ringfence.site.loader import parse
from ringfence.site.plain import Documents, listing, mapping, texts


def documents(hosts: str, policy: str = "") -> Documents:
    return Documents(parse(hosts.encode(), "hosts.yml"), parse(policy.encode(), "policy.yml"), None)


@pytest.mark.parametrize("value", [None, 3, "x", True, [1]])
def test_what_is_no_mapping_counts_as_absent(value: object) -> None:
    assert mapping(value) == {}
    assert mapping({"a": 1}) == {"a": 1}


@pytest.mark.parametrize("value", [None, 3, "x", True, {"a": 1}])
def test_what_is_no_list_counts_as_absent(value: object) -> None:
    assert listing(value) == []
    assert listing([1]) == [1]


def test_texts_keep_their_index() -> None:
    assert texts({"groups": [1, "a", None, "b"]}, "groups") == [(1, "a"), (3, "b")]
    assert texts({"groups": "a"}, "groups") == []


def test_groups_in_use_are_in_order_and_once() -> None:
    found = documents("hosts: {a: {groups: [pbx, x]}, b: {groups: [database, pbx]}, c: 3}")
    assert found.groups_in_use == ["pbx", "x", "database"]


@pytest.mark.parametrize(
    ("hosts", "group", "told"),
    [
        ("hosts: {a: {groups: [pbx]}}", "pbx", False),
        ("hosts: {a: {groups: [pbx]}}", "database", True),
        ("hosts: {a: {groups: [pbxx]}}", "pbx", False),
        ("hosts: {a: {groups: [pbxx]}}", "pbxy", True),
        ("hosts: {a: {}}", "pbx", False),
        ("groups: {wall: x}\nhosts: {a: {groups: [pbx]}}", "wall", True),
        ("hosts: {a: {groups: [pbx]}}", "internet", False),
    ],
)
def test_a_group_without_hosts_is_told_unless_a_host_has_a_wrong_one(
    hosts: str, group: str, told: bool
) -> None:
    given = documents(hosts)
    document = parse(b"", "f")
    assert bool(list(given.unknown_group(document, (), group, "internet"))) is told
