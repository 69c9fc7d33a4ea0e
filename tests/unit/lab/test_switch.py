import pytest

from ringfence.lab.switch import LONGEST, MOST_ADDRESSES, SHORTEST, Switch

BROADCAST = b"\xff" * 6
ONE, TWO, THREE = (bytes([0x52, 0x54, 0, 0, 0, n]) for n in (1, 2, 3))


def frame(target: bytes, source: bytes, payload: bytes = b"x" * 46) -> bytes:
    return target + source + b"\x08\x00" + payload


@pytest.fixture
def switch() -> Switch:
    return Switch(["a", "b", "c"])


def test_an_unknown_target_is_flooded_to_all_but_the_sender(switch):
    assert switch.route("a", frame(TWO, ONE)) == ["b", "c"]


def test_a_known_target_gets_the_frame_alone(switch):
    switch.route("b", frame(BROADCAST, TWO))
    assert switch.route("a", frame(TWO, ONE)) == ["b"]


def test_broadcast_and_multicast_are_flooded_even_when_somebody_claims_the_address(switch):
    group = b"\x01\x00\x5e\x00\x00\x01"
    switch.route("b", frame(ONE, group))
    switch.route("b", frame(ONE, BROADCAST))
    assert switch.route("a", frame(group, ONE)) == ["b", "c"]
    assert switch.route("a", frame(BROADCAST, ONE)) == ["b", "c"]


def test_a_frame_never_returns_to_its_port(switch):
    switch.route("a", frame(BROADCAST, ONE))
    assert switch.route("a", frame(ONE, TWO)) == []


def test_an_address_that_moves_is_followed(switch):
    switch.route("a", frame(BROADCAST, ONE))
    switch.route("b", frame(BROADCAST, ONE))
    assert switch.route("c", frame(ONE, THREE)) == ["b"]


@pytest.mark.parametrize("length", [0, 1, SHORTEST - 1, LONGEST + 1])
def test_what_is_no_frame_is_dropped(switch, length):
    assert switch.route("a", b"\x00" * length) == []


@pytest.mark.parametrize("length", [SHORTEST, 60, 1514, 9014, LONGEST])
def test_short_and_jumbo_frames_pass(switch, length):
    assert switch.route("a", frame(TWO, ONE, b"x" * (length - SHORTEST))) == ["b", "c"]


def test_a_flood_of_forged_addresses_is_bounded_and_forgets_the_oldest(switch):
    for number in range(MOST_ADDRESSES + 100):
        switch.route("a", frame(BROADCAST, b"\x02\x00" + number.to_bytes(4, "big")))
    assert len(switch.addresses) == MOST_ADDRESSES
    assert b"\x02\x00" + (0).to_bytes(4, "big") not in switch.addresses
