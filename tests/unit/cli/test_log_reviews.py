"""``ringfence logs review`` and ``logs acknowledge``: what they print, write and refuse."""

import json
from datetime import datetime, timedelta

import pytest
import yaml

import ringfence.cli
from ringfence.cli import log_reviews

EXCEPTION = "3f2a9c01b7de"
FOUND = {
    "kind": "login-failed",
    "scope": "external",
    "host": "log1",
    "about": "203.0.113.7",
    "count": 12,
    "first": "2026-11-27T01:00:00.000000Z",
    "last": "2026-11-27T02:00:00.000000Z",
    "message": "Failed \x1b[31mpassword",
}
REVIEW = {
    "day": "2026-11-27",
    "made": "2026-11-28T01:10:00Z",
    "messages": {"log1": 30, "pbx1": 0},
    "events": [FOUND | {"exception": EXCEPTION}, FOUND | {"about": "198.51.100.1", "count": 1}],
}


@pytest.fixture
def collector(sealed_site, monkeypatch):
    """A collector that answers with what is in the list."""
    answers = {"kept": json.dumps(REVIEW)}

    def ask(_site, _host, script):
        asked.append(script)
        verb, *days = script.splitlines()[-1].split()[1:]
        is_kept = verb == "show" or days[0] <= REVIEW["day"] <= days[-1]
        return answers[verb].encode() if is_kept else b""

    asked: list[str] = []
    monkeypatch.setattr(log_reviews, "ask", ask)
    return sealed_site, answers, asked


def run(capsys, verb, *arguments):
    code = ringfence.cli.run(["logs", verb, *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture(autouse=True)
def _a_day_after(monkeypatch):
    """The day after the review, whatever day it is."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 11, 28, 9, tzinfo=tz)

    monkeypatch.setattr(log_reviews, "datetime", Clock)


def acknowledge(capsys, site, *more, who="carmen", exception=EXCEPTION):
    words = ("--who", who, "--verdict", "expected", "--note", "change 4711", *more)
    return run(capsys, "acknowledge", site, exception, *words)


def test_exceptions_that_wait_are_shown(collector, capsys):
    site, _, _ = collector
    code, said, _ = run(capsys, "review", site)
    assert code == 1
    assert "2026-11-27: 30 messages of 1 hosts; silent: pbx1" in said
    assert f"{EXCEPTION}  2026-11-27  login-failed on log1: 203.0.113.7 (external)" in said
    assert r"12 times until 2026-11-27T02:00:00Z: Failed \x1b[31mpassword" in said
    assert "1 exception to be acknowledged" in said
    assert "198.51.100.1" not in said


def test_all_of_a_day_is_shown(collector, capsys):
    site, answers, asked = collector
    _, said, _ = run(capsys, "review", site, "--day", "2026-11-27")
    assert len(asked) == 1
    assert "      1  login-failed on log1: 198.51.100.1 (external)" in said
    answers["show"] = json.dumps(REVIEW | {"day": "2026-11-20", "events": []})
    code, said, _ = run(capsys, "review", site, "--day", "2026-11-20")
    assert code == 0
    assert asked[-1].endswith("review-logs show 2026-11-20")
    code, _, error = run(capsys, "review", site, "--day", "2999-01-01")
    assert (code, "is still to come" in error) == (4, True)


def test_an_acknowledgement_is_kept_in_the_site(collector, capsys):
    site, _, _ = collector
    code, said, _ = acknowledge(capsys, site)
    path = site / "reviews/2026-11.yml"
    assert (code, said) == (0, f"{path}: keep it in git with the site\n")
    (entry,) = yaml.safe_load(path.read_text())["acknowledgements"]
    assert entry["what"] == "login-failed on log1: 203.0.113.7 (external)"
    assert (entry["who"], entry["verdict"], entry["note"]) == ("carmen", "expected", "change 4711")
    code, said, _ = run(capsys, "review", site)
    assert code == 0
    assert "0 exceptions to be acknowledged" in said
    code, _, error = acknowledge(capsys, site)
    assert code == 4
    assert "carmen has acknowledged 3f2a9c01b7de already" in error


def test_an_acknowledgement_is_a_document_too(collector, capsys):
    site, _, _ = collector
    code, said, _ = acknowledge(capsys, site, "--json")
    document, path = json.loads(said), site / "reviews/2026-11.yml"
    assert (code, document["files"]) == (0, [str(path)])
    (entry,), (kept,) = (
        document["acknowledged"],
        yaml.safe_load(path.read_text())["acknowledgements"],
    )
    assert entry == json.loads(json.dumps(kept, default=str))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"who": "ana"}, "--who ana: looks after no logs, so somebody else must look"),
        ({"who": "carmn"}, "is not one of policy.yml's people; did you mean 'carmen'?"),
        ({"exception": "3f2a9c01b7dd"}, "is no exception of a review"),
    ],
)
def test_what_is_refused_writes_nothing(collector, capsys, options, said):
    site, _, _ = collector
    code, _, error = acknowledge(capsys, site, **options)
    assert code == 4
    assert said in error
    assert not (site / "reviews").exists()


def test_a_note_says_something(collector, capsys):
    site, _, _ = collector
    code, _, error = acknowledge(capsys, site, "--note", "  ")
    assert (code, "--note is empty" in error) == (4, True)


def test_what_is_no_review_is_told(collector, capsys):
    site, answers, _ = collector
    answers["kept"] = "{}"
    code, _, error = run(capsys, "review", site)
    assert code != 0
    assert "handed over what is no review" in error


def test_programs_get_json(collector, capsys):
    site, _, _ = collector
    code, said, _ = run(capsys, "review", site, "--json")
    document = json.loads(said)
    assert (code, document["unsigned"]) == (1, [])
    (found,) = document["found"]
    assert (found["exception"], found["day"]) == (EXCEPTION, "2026-11-27")


def test_a_file_that_would_be_too_large_stays_as_it_is(collector, capsys, monkeypatch):
    site, _, _ = collector
    monkeypatch.setattr(log_reviews, "LARGEST_FILE", 100)
    code, _, error = acknowledge(capsys, site)
    assert code == 4
    assert "reviews/2026-11.yml would be larger than 1 MiB: rename it to 2026-11-a.yml" in error
    assert not (site / "reviews").exists()


def test_check_tells_what_is_wrong_in_them(collector, capsys):
    site, _, _ = collector
    acknowledge(capsys, site)
    path = site / "reviews/2026-11.yml"
    path.write_text(path.read_text().replace("expected", "fine"))
    code = ringfence.cli.run(["check", str(site)])
    assert (code, "'fine' is not one of" in capsys.readouterr().out) == (4, True)


def test_what_is_older_is_asked_for_by_its_day(collector, capsys, monkeypatch):
    site, _, asked = collector
    monkeypatch.setattr(log_reviews, "LATELY", timedelta(0))
    code, said, _ = run(capsys, "review", site)
    assert (code, "no review of the last 40 days is kept" in said) == (1, True)
    code, _, error = acknowledge(capsys, site)
    assert code == 4
    assert "is no exception of a review of the last 40 days (--day DAY)" in error
    assert acknowledge(capsys, site, "--day", "2026-11-27")[0] == 0
    assert asked[-1].endswith("review-logs kept 2026-11-27 2026-11-27")
