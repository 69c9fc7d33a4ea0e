import pytest

from ringfence.verify.probes.match_blocks import (
    ANYWHERE,
    Connection,
    criteria,
    matches,
    sample_connections,
)


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("all", {"all": ""}),
        ("User ana,bruno Address 10.0.0.0/8", {"user": "ana,bruno", "address": "10.0.0.0/8"}),
        ('Group "sudo users" LocalPort 99', {"group": "sudo users", "localport": "99"}),
        ("user=ana address=10.0.0.1", {"user": "ana", "address": "10.0.0.1"}),
        ("invalid-user User x", {"invalid-user": "", "user": "x"}),
    ],
)
def test_a_condition_is_split_into_its_criteria(condition, wanted):
    assert criteria(condition) == wanted


@pytest.mark.parametrize(
    ("name", "patterns", "matched"),
    [
        ("ana", ["ana", "bruno"], True),
        ("ana", ["a*"], True),
        ("ana", ["?na"], True),
        ("ana", ["*", "!ana"], False),
        ("ana", ["!bruno"], False),
        ("a[n]a", ["a[n]a"], True),
        ("ana", ["a[n]a"], False),
        ("ana", [], False),
    ],
)
def test_a_pattern_list_matches_as_openssh_reads_it(name, patterns, matched):
    assert matches(name, patterns) is matched


def users_and_addresses(condition, accounts=("root", "ana")):
    return {(one.user, one.address) for one in sample_connections(condition, accounts)}


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ("all", {("root", ANYWHERE), ("ana", ANYWHERE)}),
        ("User contractor", {("contractor", ANYWHERE)}),
        ("User *,!root", {("x", ANYWHERE), ("ana", ANYWHERE)}),
        ("User an*", {("anx", ANYWHERE), ("ana", ANYWHERE)}),
        ("Address 203.0.113.7", {("root", "203.0.113.7"), ("ana", "203.0.113.7")}),
        ("User root Address 10.0.0.0/24,!10.0.0.1", {("root", "10.0.0.2")}),
        ("User root Address 198.51.100.*", {("root", "198.51.100.1")}),
        ("User root Address *,!10.0.0.0/8", {("root", ANYWHERE)}),
        ("User root Address 2001:db8::/32", {("root", "2001:db8::1")}),
    ],
)
def test_connections_meet_the_condition(condition, wanted):
    assert users_and_addresses(condition) == wanted


def test_the_listening_side_and_the_name_are_met_too():
    condition = "User root Host *.example LocalAddress 10.1.1.1 LocalPort 2200"
    (found,) = sample_connections(condition, ["root"])
    assert found == Connection("root", ANYWHERE, "x.example", "10.1.1.1", 2200)


def test_a_connection_reads_as_the_report_prints_it():
    assert str(Connection("ana", "10.0.0.1")) == "ana from 10.0.0.1"
