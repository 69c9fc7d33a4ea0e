"""What long work tells whoever watches: the step that a host has reached, and how far it is."""

from typing import Protocol


class Say(Protocol):
    """Hears of steps, from any thread."""

    def __call__(
        self, host: str, step: str, share: float | None = None, failed: bool = False
    ) -> None:
        """A host has reached a step.

        Args:
            host: the host's name.
            step: the step, in words.
            share: how much of the host's work is done, 0 to 1, if that is known.
            failed: whether something went wrong with the host.
        """


def nobody(host: str, step: str, share: float | None = None, failed: bool = False) -> None:
    """Hear nothing."""


def part(say: Say, begin: float, end: float) -> Say:
    """Return what tells the steps of one part of the work, which goes from `begin` to `end`."""

    def tell(host: str, step: str, share: float | None = None, failed: bool = False) -> None:
        say(host, step, None if share is None else begin + (end - begin) * share, failed)

    return tell
