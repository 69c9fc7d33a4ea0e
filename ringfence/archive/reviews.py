"""The collector's daily reviews of logs, as it hands them over (docs/how-to/log-review.md)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, get_args

from ringfence.archive.chain import canonical
from ringfence.archive.keys import Keys, signed_by
from ringfence.errors import ToolError
from ringfence.site.policy import Weekday, WorkingHours

WORKING_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
"""Those of a site that doesn't name its own."""


@dataclass(frozen=True)
class Found:
    """The same thing in the logs of a day, as often as it was."""

    kind: str
    scope: str
    """`internal`, `external`, or `client:ID`"""
    host: str
    about: str
    """the account, address, unit or file that it is about"""
    count: int
    first: str
    last: str
    """the moments in UTC (ISO 8601)"""
    message: str
    """the first message of it"""
    exception: str = ""
    """the id by which somebody acknowledges it; "" for what is merely counted"""

    @property
    def what(self) -> str:
        """Say in a few words what it is."""
        where = f" on {self.host}" if self.host else ""
        return f"{self.kind}{where}: {self.about or 'unknown'} ({self.scope})"


@dataclass(frozen=True)
class DailyReview:
    """The review of one day."""

    day: date
    made: str
    """the moment in UTC; "" for one that was made to be shown"""
    messages: dict[str, int]
    """how many each host sent"""
    found: list[Found]
    content: dict[str, Any]
    """all of it, as it was signed"""

    @property
    def exceptions(self) -> list[Found]:
        """What somebody has to look at."""
        return [each for each in self.found if each.exception]

    def is_signed(self, keys: Keys) -> bool:
        """Whether one of some keys signed it."""
        key = keys.get(self.content.get("key", ""))
        body = {name: value for name, value in self.content.items() if name != "signature"}
        signature = str(self.content.get("signature", ""))
        return key is not None and signed_by(key, signature, canonical(body))


def parse_review(line: bytes | str) -> DailyReview:
    """Read a review. Raises ToolError for what is none."""
    try:
        content = json.loads(line)
        found = [
            Found(
                **{name: str(each[name]) for name in ("kind", "scope", "host", "about")},
                **{name: str(each[name]) for name in ("first", "last", "message")},
                count=int(each["count"]),
                exception=str(each.get("exception", "")),
            )
            for each in content["events"]
        ]
        messages = {str(name): int(count) for name, count in content["messages"].items()}
        day = date.fromisoformat(content["day"])
        return DailyReview(day, str(content["made"]), messages, found, content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ToolError(f"the collector handed over what is no review ({error})") from None


def parse_reviews(text: bytes) -> Iterator[DailyReview]:
    """Read reviews, a line each. Raises ToolError for a line that is none."""
    for line in text.splitlines():
        if line.strip():
            yield parse_review(line)


def last_day_for(made: date, hours: WorkingHours | None, within: int) -> date:
    """Return the last day on which the exceptions of a review may be acknowledged.

    Args:
        made: the day on which it was made.
        hours: when people work; Monday to Friday unless given.
        within: so many working days after that day.
    """
    working = hours.days if hours else WORKING_DAYS
    day, left = made, within
    while left:
        day += timedelta(days=1)
        left -= get_args(Weekday)[day.weekday()] in working
    return day


def day_made(review: DailyReview) -> date:
    """Return the day on which a review was made; the one after its own if that can't be read."""
    try:
        return datetime.strptime(review.made, "%Y-%m-%dT%H:%M:%SZ").date()
    except ValueError:
        return review.day + timedelta(days=1)
