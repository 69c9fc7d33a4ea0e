"""What a report that takes long tells while it is made."""

from collections.abc import Callable, Iterator, Sequence

Tell = Callable[[str, float], object]
"""Hears what a report is at, and how much of it is made."""


def silent(step: str, share: float) -> None:
    """Hear nothing."""


def telling(names: Sequence[str], tell: Tell) -> Iterator[str]:
    """Yield names, each after `tell` has heard it."""
    for number, name in enumerate(names):
        tell(name, number / len(names))
        yield name
