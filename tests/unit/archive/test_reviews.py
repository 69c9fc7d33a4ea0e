import json
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.archive.chain import canonical
from ringfence.archive.keys import key_name
from ringfence.archive.reviews import day_made, last_day_for, parse_review, parse_reviews
from ringfence.errors import ToolError
from ringfence.site.policy import WorkingHours

CONTENT = {
    "day": "2026-11-28",
    "made": "2026-11-29T01:10:00Z",
    "messages": {"pbx1": 3},
    "events": [
        {
            "kind": "login-failed",
            "scope": "external",
            "host": "pbx1",
            "about": "203.0.113.7",
            "count": 12,
            "exception": "3f2a9c01b7de",
            "first": "2026-11-28T01:00:00Z",
            "last": "2026-11-28T02:00:00Z",
            "message": "Failed password",
        }
    ],
}


def test_a_review_is_signed_by_a_key_that_counts():
    key = Ed25519PrivateKey.generate()
    name = key_name(key.public_key())
    content = CONTENT | {"key": name}
    signed = content | {"signature": key.sign(canonical(content)).hex()}
    review = parse_review(json.dumps(signed))
    assert review.is_signed({name: key.public_key()})
    assert not review.is_signed({})
    assert not review.is_signed({name: Ed25519PrivateKey.generate().public_key()})
    altered = parse_review(json.dumps(signed | {"messages": {"pbx1": 2}}))
    assert not altered.is_signed({name: key.public_key()})
    assert not parse_review(json.dumps(CONTENT)).is_signed({name: key.public_key()})


def test_what_a_review_holds():
    review = parse_review(json.dumps(CONTENT))
    (found,) = review.exceptions
    assert found.what == "login-failed on pbx1: 203.0.113.7 (external)"
    assert (found.count, day_made(review)) == (12, date(2026, 11, 29))
    assert day_made(parse_review(json.dumps(CONTENT | {"made": "?"}))) == date(2026, 11, 29)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"day": "x", "events": []}', "null", "\x00"])
def test_what_is_no_review_is_told(text):
    with pytest.raises(ToolError, match="handed over what is no review"):
        list(parse_reviews(text.encode()))


@pytest.mark.parametrize(
    ("made", "within", "last"),
    [
        ("2026-11-24", 1, "2026-11-25"),  # Tuesday to Wednesday
        ("2026-11-27", 1, "2026-11-30"),  # Friday to Monday
        ("2026-11-28", 1, "2026-11-30"),  # Saturday to Monday
        ("2026-11-27", 2, "2026-12-01"),
    ],
)
def test_exceptions_may_wait_for_a_working_day(made, within, last):
    assert last_day_for(date.fromisoformat(made), None, within) == date.fromisoformat(last)


def test_working_days_are_the_sites_own():
    hours = WorkingHours(days=["saturday"], begin="08:00", end="20:00", time_zone="Europe/Madrid")
    assert last_day_for(date(2026, 11, 27), hours, 1) == date(2026, 11, 28)
    assert last_day_for(date(2026, 11, 28), hours, 1) == date(2026, 12, 5)
