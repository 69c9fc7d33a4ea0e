"""The same work for many hosts, some of them at a time."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

HOSTS_AT_ONCE = 32
"""How many hosts are worked on at a time, unless --parallel says otherwise: enough that waiting for
ssh costs little, few enough for one computer's memory and for a bastion that all logins pass."""
Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(
    items: Iterable[Item], do: Callable[[Item], Result], at_once: int = HOSTS_AT_ONCE
) -> list[Result]:
    """Do something about every item, `at_once` of them at a time; return the results in order."""
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        return list(pool.map(do, items))
