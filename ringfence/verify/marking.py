"""How a baseline test names the control that it judges."""

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

Test = TypeVar("Test", bound=Callable[..., Any])


class NotApplicableError(Exception):
    """The control has no meaning on this host, for the reason given."""


def control(identifier: str) -> Callable[[Test], Test]:
    """Mark a test as judging the control ``identifier``, such as ``SSH-01``."""
    import pytest  # not above: whoever only reads results, or imports a probe, has no use for it

    return pytest.mark.control(identifier)


def not_applicable(reason: str) -> NoReturn:
    """End the test with the verdict ``not_applicable``; the report prints ``reason``.

    Only for what the host *is* (a container has no kernel of its own), never for a tool that is
    missing: what could not be measured is an error.
    """
    raise NotApplicableError(reason)
