import json
import subprocess
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest

from ringfence.verify.probes import log_reviews
from ringfence.verify.probes.log_reviews import Kept


def kept(folder):
    def run(command, script):
        assert command == "sh -c %s"
        words = ["sh", "-c", script.replace(log_reviews.STATE, str(folder))]
        return subprocess.run(words, capture_output=True, text=True, check=True)

    return log_reviews.kept(SimpleNamespace(run=run))


def test_all_that_is_kept_is_read_however_long_ago(tmp_path):
    said = {"exception": "0123456789ab", "message": 'says "exception":"ffffffffffff" itself'}
    events = [said, {"exception": "aaaaaaaaaaaa"}, {"kind": "login"}]
    content = {"events": events, "made": "2020-11-28T01:10:00Z"}
    (tmp_path / "2020-11-27.json").write_text(json.dumps(content, separators=(",", ":")))
    (tmp_path / "2026-11-28.json").write_text("{}")
    (tmp_path / "since").write_text("2020-11-27")
    assert kept(tmp_path) == [
        Kept(date(2020, 11, 27), date(2020, 11, 28), ("0123456789ab", "aaaaaaaaaaaa")),
        Kept(date(2026, 11, 28), date.min, ()),
    ]


def test_a_collector_that_reviews_nothing_keeps_nothing(tmp_path):
    assert kept(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("now", "first"),
    [("00:05", "2026-11-28"), ("02:09", "2026-11-28"), ("02:10", "2026-11-29")],
)
def test_yesterday_is_due_an_hour_after_its_review(now, first):
    moment = datetime.fromisoformat(f"2026-11-29T{now}:00").replace(tzinfo=UTC).timestamp()
    host = SimpleNamespace(check_output=lambda _command: f"{moment:.0f}\n")
    policy = SimpleNamespace(role=lambda _name: SimpleNamespace(review_time="01:10"))
    assert log_reviews.first_open_day(host, policy) == date.fromisoformat(first)
