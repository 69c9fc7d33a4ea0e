"""Which hosts go in which wave: sizes, and groups that must not stand whole in one."""

from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.errors import UsageError
from ringfence.waves import partition, sizes, whole

settings.register_profile("waves", deadline=None)
settings.load_profile("waves")

totals = st.integers(1, 300)
parts = st.lists(
    st.one_of(st.integers(1, 400).map(str), st.integers(1, 100).map(lambda n: f"{n}%")), max_size=5
)


@st.composite
def fleets(draw, most=40, overlapping=True):
    """Hosts, the groups that they are in (each in one, or in some), and sizes of waves."""
    hosts = [f"h{number}" for number in range(draw(st.integers(1, most)))]
    names = ["pbx", "agents", "bastion", "recordings"]
    groups: dict[str, list[str]] = {name: [] for name in names}
    for host in hosts:
        for name in draw(st.sets(st.sampled_from(names), min_size=1, max_size=3)):
            groups[name].append(host)
            if not overlapping:
                break
    cuts = draw(st.sets(st.integers(1, len(hosts)), max_size=4)) | {len(hosts)}
    ends = [0, *sorted(cuts)]
    return hosts, groups, [end - begin for begin, end in pairwise(ends)]


@pytest.mark.parametrize(
    ("text", "total", "wanted"),
    [
        ("1,10%,100%", 40, [1, 3, 36]),
        ("1,10%,100%", 2, [1, 1]),
        ("1,10%,100%", 1, [1]),
        ("1, 50%, 100%", 5, [1, 2, 2]),
        ("5,10%,100%", 20, [5, 15]),
        ("3,500", 4, [3, 1]),
        ("100%", 7, [7]),
    ],
)
def test_sizes_count_the_waves_before(text, total, wanted):
    assert sizes(text, total) == wanted


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1,10%", "the last wave must cover all 40 hosts, and 10% covers 4: end with 100%"),
        ("1,39", "and 39 covers 39"),
        ("50%,10%,100%", "10% comes after 50%"),
        ("5,2,100%", "2 comes after 5"),
        ("0,100%", "a wave of 0 hosts changes nothing"),
        ("1,101%", "101% is more than all hosts"),
        ("1,,100%", "'' is no count and no percentage"),
        ("", "is no count"),
        ("a pair", "'a pair' is no count"),
        ("-1,100%", "'-1' is no count"),
        ("1.5,100%", "'1.5' is no count"),
    ],
)
def test_a_wrong_size_is_named_with_what_to_write(text, sentence):
    with pytest.raises(UsageError, match=r"--waves .*(100%|, such as 1,10%,100%)") as caught:
        sizes(text, 40)
    assert sentence in str(caught.value)


@given(totals, parts)
def test_any_sizes_are_waves_that_cover_all_hosts_or_an_error(total, some):
    try:
        found = sizes(",".join([*some, "100%"]), total)
    except UsageError:
        return
    assert sum(found) == total
    assert all(size > 0 for size in found)


@given(fleets())
def test_every_host_is_in_one_wave_and_the_sizes_are_as_wanted(fleet):
    hosts, groups, wanted = fleet
    waves = partition(hosts, groups, wanted)
    assert [len(wave) for wave in waves] == wanted
    assert sorted(host for wave in waves for host in wave) == sorted(hosts)
    assert waves == partition(list(hosts), {name: list(m) for name, m in groups.items()}, wanted)


@given(fleets(most=6, overlapping=False))
@settings(max_examples=60)
def test_no_other_division_has_fewer_whole_groups(fleet):
    hosts, groups, wanted = fleet
    found = count(partition(hosts, groups, wanted), groups)
    assert found == min(count(cut(order, wanted), groups) for order in permutations(hosts))


@given(fleets(), st.integers(2, 5))
def test_a_pair_is_never_in_one_wave_when_others_can_take_its_place(fleet, pairs):
    singles, _, _ = fleet
    groups = {f"pair{number}": [f"a{number}", f"b{number}"] for number in range(pairs)}
    hosts = [host for pair in groups.values() for host in pair] + singles
    half = len(hosts) // 2
    assert count(partition(hosts, groups, [half, len(hosts) - half]), groups) == 0


def test_a_group_with_a_host_that_was_not_chosen_is_never_whole():
    groups = {"pbx": ["pbx1", "pbx2"], "agents": ["a1", "a2"]}
    assert whole(["pbx1", "a1", "a2"], groups) == ["agents"]
    assert partition(["pbx1", "a1", "a2"], groups, [1, 2]) == [["a1"], ["pbx1", "a2"]]


def test_the_canary_is_the_first_host_of_the_largest_group():
    groups = {"pbx": ["pbx1", "pbx2"], "agents": ["a1", "a2", "a3", "a4"]}
    hosts = ["pbx1", "pbx2", "a1", "a2", "a3", "a4"]
    assert partition(hosts, groups, [1, 2, 3]) == [["a1"], ["pbx1", "a2"], ["pbx2", "a3", "a4"]]


def cut(order, wanted):
    waves, begin = [], 0
    for size in wanted:
        waves.append(list(order[begin : begin + size]))
        begin += size
    return waves


def count(waves, groups):
    return sum(len(whole(wave, groups)) for wave in waves)
