import json
from types import SimpleNamespace

import pytest

from ringfence.verify.probes.packet_rules import PacketRules


def match(protocol: str, field: str, right: object, op: str = "==") -> dict:
    payload = {"payload": {"protocol": protocol, "field": field}}
    return {"match": {"op": op, "left": payload, "right": right}}


def listing(*rules: list[dict], policy: str = "drop", family: str = "inet") -> PacketRules:
    base = {"family": family, "table": "t"}
    objects: list[dict] = [
        {"metainfo": {"version": "1"}},
        {"table": {"family": family, "name": "t"}},
        {"chain": {**base, "name": "input", "hook": "input", "policy": policy}},
        {"chain": {**base, "name": "more"}},
        {"rule": {**base, "chain": "more", "expr": [match("tcp", "dport", 80), {"accept": None}]}},
    ]
    objects += [{"rule": {**base, "chain": "input", "expr": rule}} for rule in rules]
    text = json.dumps({"nftables": objects})
    return PacketRules(answering(text, 0))


def answering(text: str, status: int) -> SimpleNamespace:
    return SimpleNamespace(
        check_output=lambda _command: text, run=lambda _command: SimpleNamespace(rc=status)
    )


def test_a_host_without_nft_has_no_rules() -> None:
    rules = PacketRules(answering("", 127))
    assert (rules.tables, rules.policies("input", "IPv4"), rules.logs("input")) == ([], [], [])


def test_peers_and_ports_are_told_one_by_one() -> None:
    rules = listing(
        [
            match(
                "ip", "saddr", {"set": ["10.0.0.1", {"prefix": {"addr": "10.1.0.0", "len": 16}}]}
            ),
            match("tcp", "dport", {"set": [22, {"range": [80, 90]}]}),
            {"counter": None},
            {"accept": None},
        ]
    )
    assert rules.openings("input") == {
        "tcp 22 from 10.0.0.1",
        "tcp 22 from 10.1.0.0/16",
        "tcp 80-90 from 10.0.0.1",
        "tcp 80-90 from 10.1.0.0/16",
    }


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ([{"accept": None}], "everything"),
        ([match("ip", "daddr", "10.0.0.1"), {"accept": None}], "to 10.0.0.1"),
        (
            [match("ip6", "saddr", {"set": ["2001:db8::1"]}, "!="), {"accept": None}],
            "from anywhere in IPv6 but 2001:db8::1",
        ),
        ([match("tcp", "sport", 53), {"accept": None}], "tcp sport 53"),
        ([{"jump": {"target": "more"}}], "tcp 80"),
        ([{"goto": {"target": "more"}}], "tcp 80"),
        ([{"queue": {"num": 0}}], "queue"),
        ([{"dnat": {"addr": "10.0.0.9"}}], "dnat"),
        ([{"vmap": {"key": {}, "data": {}}}], "vmap"),
    ],
)
def test_no_way_in_is_overlooked(rule: list[dict], told: str) -> None:
    assert listing(rule).openings("input") == {told}


def test_what_drops_is_no_opening() -> None:
    rules = listing([{"drop": None}], [match("tcp", "dport", 25), {"reject": {}}], [{"log": None}])
    assert rules.openings("input") == set()


def test_a_jump_keeps_its_conditions() -> None:
    rules = listing([match("ip", "saddr", "10.0.0.1"), {"jump": {"target": "more"}}])
    assert rules.openings("input") == {"tcp 80 from 10.0.0.1"}


def test_a_table_of_one_family_leaves_the_other_open() -> None:
    rules = listing(family="ip")
    assert rules.policies("input", "IPv4") == ["drop"]
    assert rules.policies("input", "IPv6") == []


def test_a_rule_of_one_family_is_another_opening() -> None:
    rules = listing([match("tcp", "dport", 22), {"accept": None}], family="ip")
    assert rules.openings("input") == {"tcp 22 in ip"}


@pytest.mark.parametrize(
    ("limit", "rate"),
    [
        ([{"limit": {"rate": 5, "per": "second"}}], 5.0),
        ([{"limit": {"rate": 60, "per": "minute"}}], 1.0),
        ([{"limit": {"rate": 5, "per": "second", "inv": True}}], None),
        ([{"limit": {"rate": 5, "rate_unit": "mbytes", "per": "second"}}], None),
        ([], None),
    ],
)
def test_the_limit_of_a_log_is_packets_a_second(limit: list[dict], rate: float | None) -> None:
    assert listing([*limit, {"log": {"prefix": "X "}}]).logs("input") == [("X ", rate)]


def test_a_limit_counts_for_senders_that_are_kept_apart() -> None:
    def meter(protocol: str, *, inv: bool) -> list[dict]:
        limit = {"limit": {"rate": 20, "per": "second", "inv": inv}}
        elem = {"payload": {"protocol": protocol, "field": "saddr"}}
        return [
            match("th", "dport", {"set": [5060, 5061]}),
            {"set": {"op": "update", "elem": elem, "set": "@s", "stmt": [limit]}},
            {"drop": None},
        ]

    rules = listing(meter("ip", inv=True), meter("ip6", inv=False))
    assert rules.limits_by_source("input", "IPv4") == [({5060, 5061}, 20.0)]
    assert rules.limits_by_source("input", "IPv6") == []
