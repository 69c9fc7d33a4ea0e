"""The monthly review of the access record as one JSON document: all that was counted, for programs.

Names are as the record has them. One that is no UTF-8 has `\\xff` in place of each such byte, and
its bytes in `path_hex` or `directory_hex`, as in the JSON Lines of the access record.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from ringfence import __version__
from ringfence.access_record.reviewing import (
    NOBODY,
    UNKNOWN,
    Looking,
    Review,
    Span,
    months_earlier,
)
from ringfence.report.accesses import as_utc, name_fields
from ringfence.report.review import bursts, officers, questions
from ringfence.site import Site


def review_json(site: Site, review: Review, made: datetime) -> str:
    """Return the review as one JSON document, in ASCII, with a line feed at its end.

    It has every row that was counted, where the draft has the most frequent ones. Moments are
    UTC (ISO 8601), `until` being the first one after the month; days are days of UTC. Who looked
    without a login is `""`, and so is an account that the record doesn't name.

    Args:
        site: the site.
        review: what was counted.
        made: now.
    """
    hours = site.policy.working_hours
    document = {
        "site": site.name,
        "organisation": site.policy.organisation.name,
        "month": f"{review.month:%Y-%m}",
        "since": _beginning(review.month),
        "until": _beginning(months_earlier(review.month, -1)),
        "made": as_utc(made),
        "version": __version__,
        "accesses": review.total,
        "denied": review.denied,
        "whole": not review.doubts and not review.is_overfull,
        "doubts": review.doubts,
        "overfull": review.is_overfull,
        "notes": [{"note": note, "rows": rows} for note, rows in review.notes.most_common()],
        "hosts": [
            {
                "host": part.host,
                "days": len(part.files),
                "messages": part.numbers.messages,
                "missing": part.numbers.missing,
                "incomplete": part.incomplete,
            }
            for part in review.parts
        ],
        "people": [_person(site, one) for one in review.by_frequency],
        "denials": [
            {"person": _name(person), "host": host, **name_fields("path", path), **_span(span)}
            for (person, host, path), span in review.denials.items()
        ],
        "working_hours": hours and hours.model_dump(mode="json"),
        "outside_working_hours": [
            {"person": _name(person), "day": str(day), **_span(span)}
            for (person, day), span in review.outside.items()
        ],
        "strangers": [
            {"person": person, "reason": reason} for person, reason in review.strangers.items()
        ],
        "months_compared": review.before,
        "compared_doubts": review.before_doubts,
        "first_times": [
            {
                "person": _name(place.person),
                "host": place.host,
                **name_fields("directory", place.directory),
                **_span(span),
            }
            for place, span in review.first_times.items()
        ],
        "bursts": list(_bursts(review)),
        "questions": list(questions(review)),
        "officers": officers(site),
    }
    return json.dumps(document, indent=2) + "\n"


def _person(site: Site, one: Looking) -> dict[str, Any]:
    known = site.policy.people.get(one.person)
    return {
        "person": _name(one.person),
        "full_name": known.full_name if known else "",
        "accesses": one.total,
        "denied": one.denied,
        "outside_working_hours": one.outside,
        "days": {str(day): count for day, count in sorted(one.days.items())},
        "kinds": dict(one.kinds.most_common()),
        "hosts": sorted(one.hosts),
        "acting_as": [
            {"account": "" if account == UNKNOWN else account, "accesses": count}
            for account, count in one.acting.most_common()
        ],
    }


def _bursts(review: Review) -> Iterator[dict[str, Any]]:
    for one, day, count in bursts(review):
        yield {
            "person": _name(one.person),
            "day": str(day),
            "accesses": count,
            "median_of_other_days": one.usual,
        }


def _span(span: Span) -> dict[str, Any]:
    return {"count": span.count, "first": as_utc(span.first), "last": as_utc(span.last)}


def _name(person: str) -> str:
    return "" if person == NOBODY else person


def _beginning(day: date) -> str:
    return as_utc(datetime(day.year, day.month, day.day, tzinfo=UTC))
