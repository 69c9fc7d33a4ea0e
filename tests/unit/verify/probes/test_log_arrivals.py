"""The script that reads when records were said and came, on archives that are written here."""

import os
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from ringfence.verify.probes import log_arrivals


class Collector:
    def check_output(self, command, script):
        words = ["perl", "-we", script, *command.split()[4:]]
        environment = {**os.environ, "TZ": "UTC"}
        ended = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
        assert ended.stderr == ""
        return ended.stdout


def moment(ago):
    return (datetime.now(UTC) - timedelta(seconds=ago)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def record(took, ago=5):
    return f'{{"received":"{moment(ago)}","sent":"{moment(ago + took)}","host":"pbx1"}}'


@pytest.fixture
def quickest(tmp_path, monkeypatch):
    """What is told of the host pbx1, whose file of today has these lines."""
    monkeypatch.setattr(log_arrivals, "FOLDER", str(tmp_path))

    def told(*lines):
        folder = tmp_path / "pbx1"
        folder.mkdir()
        text = "".join(f"{line}\n" for line in lines)
        (folder / f"{datetime.now(UTC):%Y-%m-%d}.jsonl").write_text(text)
        return log_arrivals.quickest(Collector(), ["pbx1"])["pbx1"]

    return told


@pytest.mark.parametrize(
    ("records", "seconds"),
    [
        ([(200,), (90,), (150,)], 90),
        ([(0,)], 0),
        ([(0, 700), (80,)], 80),
        ([(3 * 86_400,)], 3 * 86_400),
    ],
)
def test_the_quickest_record_of_the_last_minutes_counts(quickest, records, seconds):
    # Said now, and not when the tests were gathered, which may be long ago.
    assert abs(quickest(*(record(*each) for each in records)) - seconds) <= 1


@pytest.mark.parametrize("line", ["no record", '{"received":"2026'])
def test_without_a_record_it_was_never(quickest, line):
    assert quickest(line) == log_arrivals.NEVER


def test_without_a_record_of_the_last_minutes_it_was_never(quickest):
    assert quickest(record(0, ago=700)) == log_arrivals.NEVER


@pytest.mark.parametrize(
    ("came", "said"),
    [
        ("2028-03-01T00:00:10", "2028-02-29T23:59:30"),
        ("2027-01-01T00:00:10", "2026-12-31T23:59:30"),
        ("2100-03-01T00:00:10", "2100-02-28T23:59:30"),
    ],
)
def test_moments_are_right_over_the_ends_of_months_and_years(quickest, came, said):
    assert quickest(f'{{"received":"{came}.5Z","sent":"{said}.5Z","host":"pbx1"}}') == 40


def test_a_host_without_a_folder_was_never_heard():
    assert log_arrivals.quickest(Collector(), ["nobody"]) == {"nobody": log_arrivals.NEVER}


def test_only_the_end_of_a_large_file_is_read(quickest, monkeypatch):
    monkeypatch.setattr(log_arrivals, "END", 1000)
    assert abs(quickest(record(1), *[record(60)] * 100) - 60) <= 1
