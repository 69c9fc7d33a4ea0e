from hypothesis import given
from hypothesis import strategies as st

from ringfence.archive.sequences import MOST_RANGES, Sequence


def seen(numbers):
    sequence = Sequence()
    for number in numbers:
        sequence.see(number, f"day {number}")
    return sequence


def gaps(numbers):
    return [(gap.first, gap.last, gap.place) for gap in seen(numbers).gaps]


def test_numbers_in_a_row_have_no_gap():
    sequence = seen(range(7, 20))
    assert (sequence.gaps, sequence.duplicates, sequence.restarts) == ([], 0, [])


def test_a_gap_is_told_with_the_file_after_it():
    assert gaps([1, 2, 5, 6, 9]) == [(3, 4, "day 5"), (7, 8, "day 9")]


def test_what_came_late_closes_its_gap():
    assert gaps([1, 9, 4, 2, 3]) == [(5, 8, "day 9")]
    assert gaps([1, 4, 3, 2]) == []


def test_what_came_twice_is_counted():
    assert seen([1, 2, 3, 2, 3, 4]).duplicates == 2


def test_a_new_count_begins_at_one():
    sequence = seen([5, 6, 9, 1, 2, 4])
    assert sequence.restarts == ["day 1"]
    assert [(gap.first, gap.last) for gap in sequence.gaps] == [(7, 8), (3, 3)]


def test_memory_is_bounded():
    sequence = seen(range(1, 3 * MOST_RANGES, 2))
    assert len(sequence.gaps) == MOST_RANGES
    assert sequence.overflowed


@given(st.sets(st.integers(2, 60), min_size=1), st.randoms())
def test_the_gaps_are_what_lacks_whatever_the_order(numbers, random):
    later = list(numbers)
    random.shuffle(later)
    lacking = {n for gap in seen([1, *later]).gaps for n in range(gap.first, gap.last + 1)}
    assert lacking == set(range(1, max(numbers))) - numbers - {1}
