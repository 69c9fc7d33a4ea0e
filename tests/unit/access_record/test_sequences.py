"""Gaps in the numbers of a host's messages."""

from hypothesis import given
from hypothesis import strategies as st

from ringfence.access_record import sequences
from ringfence.access_record.sequences import Sequences


def block(numbers):
    return b"".join(b'{"host":"a","sequence":%d,"message":"x"}\n' % number for number in numbers)


def taken(*blocks):
    found = Sequences()
    for numbers in blocks:
        found.take(block(numbers))
    return found


def missing(found):
    return {n for first, last in found.gaps.items() for n in range(first, last + 1)}


def test_numbers_without_a_gap():
    found = taken(range(5, 9), range(9, 12))
    assert (found.messages, found.first, found.last, found.gaps) == (7, 5, 11, {})


def test_a_gap_between_blocks_and_inside_one():
    assert missing(taken([1, 2, 5], [8])) == {3, 4, 6, 7}


def test_late_messages_fill_their_gap():
    found = taken([1, 9], [4, 3], [2, 8, 5, 6, 7])
    assert (found.gaps, found.missing, found.repeated) == ({}, 0, 0)


def test_messages_that_come_twice_are_counted():
    assert taken([1, 2, 3, 2], [3, 4]).repeated == 2


def test_a_host_that_was_installed_afresh_begins_anew():
    found = taken([7, 8, 9], [1, 2], [4])
    assert (found.beginnings, found.gaps, found.last) == (1, {3: 3}, 4)


def test_messages_of_other_senders_have_no_number():
    found = taken([7, 0, 8], [0], [9])
    assert (found.gaps, found.beginnings, found.repeated) == ({}, 0, 0)


def test_a_number_in_a_message_is_not_the_messages():
    found = Sequences()
    found.take(b'{"sequence":7,"message":"{\\"sequence\\":99}"}\n')
    assert (found.messages, found.last) == (1, 7)


def test_the_oldest_of_too_many_gaps_is_forgotten_and_that_is_told(monkeypatch):
    monkeypatch.setattr(sequences, "MOST_GAPS", 2)
    found = taken([1, 3, 5, 7])
    assert (found.gaps, found.is_overfull) == ({4: 4, 6: 6}, True)


@given(st.lists(st.lists(st.integers(2, 30), min_size=1, max_size=8), min_size=1, max_size=6))
def test_whatever_comes_the_rest_is_missing(blocks):
    found, first = taken(*blocks), blocks[0][0]
    come = {number for numbers in blocks for number in numbers}
    assert missing(found) == set(range(first, max(come) + 1)) - come
    assert found.messages == sum(map(len, blocks))
    assert found.beginnings == 0
