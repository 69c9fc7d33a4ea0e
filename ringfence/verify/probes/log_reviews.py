"""What the collector keeps of its daily reviews of logs, and what its program notices.

Messages are counted here by what the archive holds, and by no program of the collector's own.
Sources: systemd.service(5), zstd(1), wc(1).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ringfence.archive import reviews
from ringfence.archive.reviews import DailyReview, parse_reviews
from ringfence.errors import RingfenceError
from ringfence.site import Policy
from ringfence.site.section import as_ip

STATE = "/var/lib/ringfence/log-review"
FOLDER = "/srv/logs"
TIMERS = "*log-review*.timer"
LATELY = 40
"""Days of which a review must be there."""
LATE = timedelta(hours=1)
"""How long after its time a review may be made."""
COUNTED = 8
"""So many hosts' messages of a day are counted: of those with the smallest files."""

KEPT = rf"""
cd {STATE} 2>/dev/null || exit 0
ls | sed -n 's/^\([0-9-]*\)\.json$/\1 there/p'
find . -maxdepth 1 -name '[0-9-]*.json' -exec grep -oHE '"(made|exception)":"[^"]*"' {{}} + |
    sed -n 's,^\./\([0-9-]*\)\.json:"\([a-z]*\)":"\(.*\)"$,\1 \2 \3,p'"""
"""Of all that are kept: an exception doesn't grow out of being answered. A quote within a message
is escaped, so that none is mistaken for one."""
LAST = rf"""
cd {STATE} 2>/dev/null || exit 0
for file in $(ls | grep '^[0-9-]*\.json$' | sort | tail -n "$1"); do cat "$file"; echo; done"""
MESSAGES = rf"""
cd {FOLDER} 2>/dev/null || exit 0
for folder in *; do
    [ -d "$folder" ] || continue
    size=$(find "$folder" -maxdepth 1 -type f \( -name "$1.jsonl" -o -name "$1*.jsonl.zst" \) \
        -printf '%s\n' | awk '{{ sum += $1 }} END {{ print sum + 0 }}')
    echo "$size $folder"
done | sort -n | head -n {COUNTED} | while read -r _ folder; do
    count=0
    for file in "$folder/$1".jsonl "$folder/$1"*.jsonl.zst; do
        [ -f "$file" ] || continue
        case $file in
        *.zst) count=$((count + $(zstd -dcq "$file" | wc -l))) ;;
        *) count=$((count + $(wc -l <"$file"))) ;;
        esac
    done
    echo "$folder $count"
done"""
EXAMINED = r"""
service=$(systemctl show --property=Unit --value -- "$1")
program=$(systemctl show --property=ExecStart --value -- "$service" |
    sed -n 's/.*argv\[\]=\([^ ;]*\).*/\1/p')
[ -n "$program" ] && printf '%s\n' "$2" |
    awk '{ times = $1; sub(/^[0-9]+ /, ""); while (times-- > 0) print }' | "$program" examine"""
"""Asks the program that a timer starts what it notices in messages that nobody sent."""


@dataclass(frozen=True)
class Kept:
    """A review that is kept."""

    day: date
    made: date
    """the day on which it was made; the one before any, if that can't be read"""
    exceptions: tuple[str, ...]


def begun(host: Any) -> date | None:
    """Return the first day that is reviewed; None when that isn't known."""
    return _day(host.run(f"cat {STATE}/since").stdout.strip())


def first_open_day(host: Any, policy: Policy) -> date:
    """Return the first day of which a review need not be there yet, by the host's clock."""
    at = datetime.strptime(policy.role("log_review").review_time, "%H:%M").time()
    now = datetime.fromtimestamp(float(host.check_output("date +%s")), UTC)
    due = datetime.combine(now.date(), at, UTC) + LATE
    return now.date() if now >= due else now.date() - timedelta(days=1)


def told(host: Any) -> date | None:
    """Return the last day of whose review people were told."""
    return _day(host.run(f"cat {STATE}/told").stdout.strip())


def kept(host: Any) -> list[Kept]:
    """Return all reviews that are kept, by day."""
    made: dict[date, date] = {}
    exceptions: dict[date, list[str]] = {}
    for line in host.run("sh -c %s", KEPT).stdout.splitlines():
        name, what, *values = line.split(maxsplit=2)
        if (day := _day(name)) is None:
            continue
        made.setdefault(day, date.min)
        value = values[0] if values else ""
        if what == "made" and made[day] == date.min:
            made[day] = _day(value[:10]) or date.min
        elif what == "exception":
            exceptions.setdefault(day, []).append(value)
    return [Kept(day, made[day], tuple(exceptions.get(day, ()))) for day in sorted(made)]


def last(host: Any, count: int = 2) -> list[DailyReview]:
    """Return the last reviews, whole; nothing when one of them can't be read."""
    said = host.run("sh -c %s sh %s", LAST, str(count)).stdout
    try:
        return list(parse_reviews(said.encode()))
    except RingfenceError:
        return []


def last_day_for(review: Kept, policy: Policy) -> date:
    """Return the last day on which a review's exceptions may be acknowledged."""
    within = policy.role("log_review").acknowledge_within
    return reviews.last_day_for(review.made, policy.working_hours, within)


def is_address(text: str) -> bool:
    """Whether a text is an IP address, and no name."""
    return as_ip(text) is not None


def messages(host: Any, day: date) -> dict[str, int]:
    """Return how many messages the archive has of a day, of some hosts."""
    lines = host.run("sh -c %s sh %s", MESSAGES, str(day)).stdout.splitlines()
    return {name: int(count) for name, count in (line.split() for line in lines)}


def noticed(host: Any, timer: str, records: Iterable[str]) -> dict[str, str]:
    """Return what the program that a timer starts says of records, by kind and scope.

    `login-failed from 203.0.113.7` is ``external, an exception``, or ``external, counted``.
    """
    said = host.run("sh -c %s sh %s %s", EXAMINED, timer, "\n".join(records)).stdout
    try:
        found = json.loads(said)
        return {
            f"{each['kind']} {each['about']}": (
                f"{each['scope']}, {'an exception' if each.get('exception') else 'counted'}"
            )
            for each in found
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def record(program: str, message: str, at: datetime, times: int = 1) -> str:
    """Return a message as it lies in the archive (docs/decisions/immutable-logs.md), and before it
    how many times it is to be there."""
    moment = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000000Z"
    content = {
        **dict.fromkeys(("received", "sent"), moment),
        "host": "canary",
        "sequence": 1,
        "facility": "auth",
        "severity": "info",
        "program": program,
        "pid": "1",
        "message": message,
    }
    return f"{times} {json.dumps(content, separators=(',', ':'))}"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
