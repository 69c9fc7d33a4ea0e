"""The monthly review for programs: every row, stable keys, moments of UTC."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta

from ringfence.access_record.reviewing import NOBODY, UNKNOWN, Looking, Place, Review, Span
from ringfence.report.review_json import review_json
from ringfence.site import load_site
from ringfence.site.sampling import SAMPLE

MONTH = date(2026, 12, 1)
AT = datetime(2026, 12, 4, 9, 30, tzinfo=UTC)
MADE = datetime(2027, 1, 2, 8, tzinfo=UTC)
KEYS = [
    "site",
    "organisation",
    "month",
    "since",
    "until",
    "made",
    "version",
    "accesses",
    "denied",
    "whole",
    "doubts",
    "overfull",
    "notes",
    "hosts",
    "people",
    "denials",
    "working_hours",
    "outside_working_hours",
    "strangers",
    "months_compared",
    "compared_doubts",
    "first_times",
    "bursts",
    "questions",
    "officers",
]
SPAN = {"count": 1, "first": "2026-12-04T09:30:00.000Z", "last": "2026-12-04T09:30:00.000Z"}


def document(review):
    text = review_json(load_site(SAMPLE), review, MADE)
    assert text.isascii()
    return json.loads(text)


def test_an_empty_month_has_every_key():
    found = document(Review(MONTH))
    assert list(found) == KEYS
    assert (found["month"], found["made"]) == ("2026-12", "2027-01-02T08:00:00.000Z")
    assert found["since"] == "2026-12-01T00:00:00.000Z"
    assert found["until"] == "2027-01-01T00:00:00.000Z"
    assert found["whole"]
    assert found["working_hours"] is None or set(found["working_hours"]) >= {"days", "time_zone"}


def test_people_come_with_what_they_did():
    ana = Looking("ana", Counter(read=40, write=2), Counter({MONTH: 40, AT.date(): 2}), {"b", "a"})
    ana.acting = Counter({"root": 3, UNKNOWN: 1})
    nobody = Looking(NOBODY, Counter(read=1), Counter({MONTH: 1}))
    found = document(Review(MONTH, people={NOBODY: nobody, "ana": ana}))
    assert found["people"][0] == {
        "person": "ana",
        "full_name": "Ana Ruiz",
        "accesses": 42,
        "denied": 0,
        "outside_working_hours": 0,
        "days": {"2026-12-01": 40, "2026-12-04": 2},
        "kinds": {"read": 40, "write": 2},
        "hosts": ["a", "b"],
        "acting_as": [{"account": "root", "accesses": 3}, {"account": "", "accesses": 1}],
    }
    assert (found["people"][1]["person"], found["people"][1]["full_name"]) == ("", "")
    (burst,) = found["bursts"]
    assert burst == {
        "person": "ana",
        "day": "2026-12-01",
        "accesses": 40,
        "median_of_other_days": 2,
    }


def test_names_that_are_no_text_keep_their_bytes():
    path = b"/srv/a\xff\x1b[2J".decode("utf-8", "surrogateescape")
    found = document(
        Review(
            MONTH,
            denials={("ana", "recordings1", path): Span(AT, AT)},
            first_times={Place(NOBODY, "recordings1", "/srv/ñ"): Span(AT, AT)},
        )
    )
    (denial,), (first,) = found["denials"], found["first_times"]
    assert denial == {
        "person": "ana",
        "host": "recordings1",
        "path": "/srv/a\\xff\x1b[2J",
        "path_hex": path.encode("utf-8", "surrogateescape").hex(),
        **SPAN,
    }
    assert first == {"person": "", "host": "recordings1", "directory": "/srv/ñ", **SPAN}


def test_no_row_is_left_out():
    spans = {("ana", "a", f"/srv/{n}"): Span(AT, AT + timedelta(n)) for n in range(60)}
    assert len(document(Review(MONTH, denials=spans))["denials"]) == 60


def test_what_is_missing_makes_it_less_than_whole():
    assert not document(Review(MONTH, doubts=["recordings1: 3 messages are missing"]))["whole"]
    assert not document(Review(MONTH, is_overfull=True))["whole"]
