from hypothesis import given
from hypothesis import strategies as st

from ringfence.archive import sequences
from ringfence.archive.sequences import Range, Sequence


def seen(*runs):
    """What a count says of numbers that come in runs."""
    sequence = Sequence()
    for numbers in runs:
        sequence.see_all(list(numbers), f"day {numbers[0]}")
    return sequence


def gaps(*runs):
    return [(gap.first, gap.last, gap.place) for gap in seen(*runs).gaps]


def missing(sequence):
    return {n for gap in sequence.gaps for n in range(gap.first, gap.last + 1)}


def test_numbers_in_a_row_have_no_gap():
    for sequence in (seen(range(7, 20)), seen(*([n] for n in range(7, 20)))):
        assert (sequence.gaps, sequence.duplicates, sequence.restarts) == ([], 0, [])
        assert sequence.messages == 13


def test_a_gap_is_told_with_the_file_after_it():
    assert gaps([1, 2], [5, 6], [9]) == [(3, 4, "day 5"), (7, 8, "day 9")]
    assert gaps([1, 2, 5], [8]) == [(3, 4, "day 1"), (6, 7, "day 8")]


def test_what_came_late_closes_its_gap():
    assert gaps([1], [9], [4, 2, 3]) == [(5, 8, "day 9")]
    assert gaps([1, 9], [4, 3], [2, 8, 5, 6, 7]) == []


def test_what_came_twice_is_counted():
    assert seen([1, 2, 3, 2], [3, 4]).duplicates == 2
    assert seen([1, 1]).duplicates == 1


def test_a_new_count_begins_at_one_and_fills_no_gap_of_the_one_before():
    sequence = seen([5, 6, 9], [1, 2, 4], [7])
    assert sequence.restarts == ["day 1"]
    assert [(gap.first, gap.last) for gap in sequence.gaps] == [(7, 8), (3, 3), (5, 6)]
    assert sequence.missing == 5


def test_what_was_sent_before_the_first_is_neither_missing_nor_a_duplicate():
    sequence = seen([7, 8], [6, 9])
    assert (sequence.gaps, sequence.duplicates, sequence.restarts) == ([], 0, [])


def test_messages_of_senders_that_do_not_count_have_no_number():
    sequence = seen([0], [7, 0, 8], [0], [9, -3])
    assert (sequence.gaps, sequence.duplicates, sequence.restarts) == ([], 0, [])
    assert sequence.messages == 7


def test_what_the_host_never_used_is_no_gap():
    sequence = seen([1, 2], [9], [12])
    sequence.never_used(5, 10)
    assert gaps_of(sequence.gaps) == [(3, 4), (11, 11)]
    assert gaps_of(sequence.unused) == [(5, 8), (10, 10)]
    assert (sequence.missing, sequence.duplicates) == (3, 0)


def gaps_of(ranges):
    return [(one.first, one.last) for one in ranges]


def test_the_oldest_of_too_many_gaps_is_forgotten_and_that_is_told(monkeypatch):
    monkeypatch.setattr(sequences, "MOST_RANGES", 2)
    sequence = seen([1, 3, 5, 7])
    assert gaps_of(sequence.gaps) == [(4, 4), (6, 6)]
    assert sequence.overflowed


def test_a_range_is_told_by_its_ends():
    assert [str(Range(3, 3, "")), str(Range(3, 5, "")), len(Range(3, 5, ""))] == ["3", "3 to 5", 3]


@given(st.lists(st.lists(st.integers(2, 30), min_size=1, max_size=8), min_size=1, max_size=6))
def test_whatever_comes_the_rest_is_missing(runs):
    sequence, first = seen(*runs), runs[0][0]
    come = {number for numbers in runs for number in numbers}
    assert missing(sequence) == set(range(first, max(come) + 1)) - come
    assert sequence.messages == sum(map(len, runs))
    assert sequence.restarts == []


@given(st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=8), min_size=1, max_size=6))
def test_runs_are_counted_as_one_number_after_the_other(runs):
    one_by_one = seen(*([number] for numbers in runs for number in numbers))
    together = seen(*runs)
    for of in ("messages", "duplicates", "missing", "overflowed"):
        assert getattr(together, of) == getattr(one_by_one, of)
    assert gaps_of(together.gaps) == gaps_of(one_by_one.gaps)
