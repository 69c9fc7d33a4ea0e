import pytest

from ringfence.site.flows import Rule
from roles.firewall.lines import from_addresses, lines

SITE = ("10.0.0.2", "10.0.0.1", "2001:db8::1")


def rule(sources: tuple[str, ...] = (), destinations: tuple[str, ...] = (), **more: object) -> Rule:
    defaults = {"protocol": "tcp", "ports": (22, 22), "purpose": "p", "origin": "flows[0]"}
    return Rule(sources=sources, destinations=destinations, **{**defaults, **more})


def test_each_family_has_a_line_of_its_own() -> None:
    assert lines([rule(sources=("10.0.0.2", "2001:db8::1", "10.0.0.1"))], SITE) == [
        'ip saddr { 10.0.0.1, 10.0.0.2 } tcp dport 22 accept comment "flows[0]: p"',
        'ip6 saddr { 2001:db8::1 } tcp dport 22 accept comment "flows[0]: p"',
    ]


def test_the_internet_is_all_but_the_site() -> None:
    assert lines([rule(destinations=("internet",))], SITE) == [
        'ip daddr != { 10.0.0.1, 10.0.0.2 } tcp dport 22 accept comment "flows[0]: p"',
        'ip6 daddr != { 2001:db8::1 } tcp dport 22 accept comment "flows[0]: p"',
    ]


def test_a_family_without_hosts_is_open_to_the_internet_as_a_whole() -> None:
    assert lines([rule(destinations=("internet",))], ["10.0.0.1"])[1].startswith(
        "meta nfproto ipv6 tcp dport 22 accept"
    )


def test_both_ends_of_what_a_gateway_passes_on_share_a_family() -> None:
    assert lines([rule(("10.0.0.1",), ("2001:db8::1",))], SITE) == []


@pytest.mark.parametrize(
    "purpose", ['say "so"', "back\\slash", "ñ" * 200, "$(reboot)", "a; drop", "comment # x"]
)
def test_a_purpose_can_not_end_its_comment(purpose: str) -> None:
    [line] = lines([rule(("10.0.0.1",), purpose=purpose)], SITE)
    _, quote, comment = line.partition('comment "')
    assert quote
    assert comment.endswith('"')
    assert comment.count('"') == 1
    assert "\\" not in comment
    assert len(comment.encode()) <= 121


def test_the_site_is_told_by_family() -> None:
    assert from_addresses(SITE) == [
        "ip saddr { 10.0.0.1, 10.0.0.2 }",
        "ip6 saddr { 2001:db8::1 }",
    ]
