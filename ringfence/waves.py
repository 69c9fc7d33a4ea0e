"""Waves: which hosts of many are changed first, which later; the same choice every time.

Sizes are cumulative: `1,10%,100%` means one host, then as many as make a tenth, then the rest.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby, pairwise

from ringfence.errors import UsageError

SIZE = re.compile(r"(?P<number>[0-9]{1,6})(?P<percent>%?)")
EXAMPLE = "such as 1,10%,100%"


def sizes(text: str, total: int) -> list[int]:
    """Return how many hosts each wave takes.

    Args:
        text: a comma list of cumulative counts and percentages. A percentage is rounded up. A wave
            that would add no host to those before it is left out, so that one list serves many
            hosts and few.
        total: how many hosts there are.

    Raises:
        UsageError: a part is no size, sizes decline, or the last doesn't cover all `total` hosts.
    """
    parts = [part.strip() for part in text.split(",")]
    found = [_size(part, text) for part in parts]
    for unit in ("", "%"):
        for (_, before), (_, after) in pairwise([each for each in found if each[0] == unit]):
            if after < before:
                raise UsageError(
                    f"--waves {text}: {after}{unit} comes after {before}{unit}, and each size "
                    f"counts the waves before it too, {EXAMPLE}"
                )
    reached = [-(-total * number // 100) if unit else number for unit, number in found]
    if reached[-1] < total:
        raise UsageError(
            f"--waves {text}: the last wave must cover all {total} hosts, and {parts[-1]} covers "
            f"{reached[-1]}: end with 100%"
        )
    ends = [0]
    for end in reached:
        if min(end, total) > ends[-1]:
            ends.append(min(end, total))
    return [after - before for before, after in pairwise(ends)]


def partition(
    hosts: Sequence[str], groups: Mapping[str, Collection[str]], wanted: Sequence[int]
) -> list[list[str]]:
    """Share hosts out among waves, so that as few groups as can be stand whole in one wave.

    Hosts keep their order, but for two things. The groups are interleaved, so that a wave has its
    share of each; the first host of the largest group comes first. Then, while a group of two or
    more stands whole in one wave, one of its hosts changes places with a host of another wave,
    unless that would bring another group together. Where each host is in one group, no other
    division has fewer whole groups.

    Args:
        hosts: names of the chosen hosts, in the order of hosts.yml.
        groups: the names of all hosts of each group, also of hosts that were not chosen: a group
            with a host that stays untouched is never whole.
        wanted: how many hosts each wave takes; together all.
    """
    ordered = _interleaved(hosts, groups)
    waves, begin = [], 0
    for size in wanted:
        waves.append(ordered[begin : begin + size])
        begin += size
    redundant = {name: set(members) for name, members in groups.items() if len(members) > 1}
    while swap := next(_better(waves, redundant), None):
        (here, inside), (there, outside) = swap
        waves[here][inside], waves[there][outside] = waves[there][outside], waves[here][inside]
    order = {name: place for place, name in enumerate(hosts)}
    return [sorted(wave, key=order.__getitem__) for wave in waves]


def whole(wave: Collection[str], groups: Mapping[str, Collection[str]]) -> list[str]:
    """Return the groups of two or more hosts that stand whole in a wave."""
    inside = set(wave)
    return [name for name, members in groups.items() if len(members) > 1 and inside >= set(members)]


def _size(part: str, text: str) -> tuple[str, int]:
    found = SIZE.fullmatch(part)
    if found is None:
        raise UsageError(f"--waves {text}: {part!r} is no count and no percentage, {EXAMPLE}")
    number = int(found["number"])
    if number == 0:
        raise UsageError(f"--waves {text}: a wave of {part} hosts changes nothing, {EXAMPLE}")
    if found["percent"] and number > 100:
        raise UsageError(f"--waves {text}: {part} is more than all hosts, {EXAMPLE}")
    return found["percent"], number


def _interleaved(hosts: Sequence[str], groups: Mapping[str, Collection[str]]) -> list[str]:
    """Return the hosts so that every beginning of the list has about its share of each group."""
    first = {
        host: next((name for name, members in groups.items() if host in members), "")
        for host in hosts
    }
    places: dict[str, float] = {}
    for _, found in groupby(sorted(hosts, key=first.__getitem__), key=first.__getitem__):
        members = list(found)
        for rank, host in enumerate(members):
            places[host] = (rank + 0.5) / len(members)
    return sorted(hosts, key=places.__getitem__)  # sorted() keeps the order of hosts that tie


def _better(
    waves: list[list[str]], groups: Mapping[str, set[str]]
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the swaps of two hosts after which fewer groups stand whole in one wave."""
    for here, wave in enumerate(waves):
        inside = set(wave)
        for name in [name for name, members in groups.items() if inside >= members]:
            for mine in reversed([p for p, host in enumerate(wave) if host in groups[name]]):
                for there, other in _neighbours(waves, here):
                    for place, host in enumerate(other):
                        before = _count(wave, groups) + _count(other, groups)
                        mixed = [*wave[:mine], host, *wave[mine + 1 :]]
                        others = [*other[:place], wave[mine], *other[place + 1 :]]
                        if _count(mixed, groups) + _count(others, groups) < before:
                            yield (here, mine), (there, place)


def _neighbours(waves: list[list[str]], here: int) -> list[tuple[int, list[str]]]:
    """Return the other waves, later ones first: the canary stays what it is if it can."""
    return [*list(enumerate(waves))[here + 1 :], *reversed(list(enumerate(waves))[:here])]


def _count(wave: Collection[str], groups: Mapping[str, set[str]]) -> int:
    inside = set(wave)
    return sum(inside >= members for members in groups.values())
