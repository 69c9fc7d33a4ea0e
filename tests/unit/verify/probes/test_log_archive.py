"""The script that reads an archive, on archives that are written here."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import zstandard

from ringfence.verify.probes import log_archive


class Archive:
    def __init__(self, place):
        self.place = place

    def write(self, host, *records, day=0):
        folder = self.place / host
        folder.mkdir(exist_ok=True)
        name = f"{datetime.now(UTC).date() - timedelta(days=day)}.jsonl"
        lines = [r if isinstance(r, str) else json.dumps(r, separators=(",", ":")) for r in records]
        (folder / name).write_text("".join(f"{line}\n" for line in lines))

    def heard(self, *hosts, most=log_archive.MOST):
        words = ["perl", "-e", log_archive.SCRIPT, str(self.place), str(most), *hosts]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        return [json.loads(line) for line in said.splitlines()]


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path)


def record(number, host="pbx1", program="sshd", message="hello", ago=5):
    received = datetime.now(UTC) - timedelta(seconds=ago)
    return {
        "received": received.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "sent": received.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "host": host,
        "sequence": number,
        "facility": "auth",
        "severity": "info",
        "program": program,
        "pid": "1",
        "message": message,
    }


def test_a_host_that_is_heard(archive):
    archive.write("pbx1", record(1, program="ringfence-heartbeat", ago=60), record(2))
    (found,) = archive.heard("pbx1")
    assert found["lines"] == 2
    assert 0 <= found["newest"] <= 10
    assert 58 <= found["heartbeat"] <= 70
    assert (found["holes"], found["foreign"], found["broken"]) == ([], [], 0)


@pytest.mark.parametrize("lines", [5, 100, 1000])
def test_a_heartbeat_before_much_else_is_found(archive, lines):
    others = [record(number + 2, program="audispd", ago=50) for number in range(lines)]
    first = record(1, program="ringfence-heartbeat", ago=100)
    archive.write("pbx1", record(0, ago=200), first, *others)
    (found,) = archive.heard("pbx1", most=2000)
    assert 98 <= found["heartbeat"] <= 110


def test_a_message_about_heartbeats_is_none(archive):
    quoted = '"program":"ringfence-heartbeat",'
    others = [record(number, ago=50) for number in range(1, 100)]
    archive.write("pbx1", record(0, message=quoted, ago=100), *others)
    assert archive.heard("pbx1", most=2000)[0]["heartbeat"] is None


def test_a_host_that_was_never_heard(archive):
    (found,) = archive.heard("pbx1")
    assert (found["lines"], found["newest"], found["heartbeat"]) == (0, None, None)


def test_holes_are_told_and_what_came_twice_or_late_is_none(archive):
    archive.write("pbx1", *(record(n) for n in (4, 5, 6, 5, 6, 7, 11, 10, 15)))
    assert archive.heard("pbx1")[0]["holes"] == ["8-9", "12-14"]


def test_a_hole_over_midnight_is_told(archive):
    archive.write("pbx1", record(1), day=1)
    archive.write("pbx1", record(3))
    assert archive.heard("pbx1")[0]["holes"] == ["2-2"]


def test_numbers_that_were_never_used_are_no_hole(archive):
    text = "begun anew after a sudden stop: numbers 3 to 9 that are missing were never used"
    archive.write("pbx1", record(1), record(2), record(3), record(10), record(11, message=text))
    assert archive.heard("pbx1")[0]["holes"] == ["4-9"]
    program = "ringfence-logging"
    archive.write("pbx1", record(3), record(10), record(11, program=program, message=text))
    assert archive.heard("pbx1")[0]["holes"] == []


def test_records_of_others_and_lines_that_are_none_are_told(archive):
    archive.write("pbx1", record(1), record(2, host="db1"), "not json", '{"received":"2')
    (found,) = archive.heard("pbx1")
    assert found["foreign"] == ["db1"]
    assert found["broken"] == 2


def test_of_a_large_file_the_end_is_read(archive):
    archive.write("pbx1", record(1), *(record(n) for n in range(100, 200)))
    (found,) = archive.heard("pbx1", most=5000)
    assert 0 < found["lines"] < 100
    assert found["holes"] == []


@pytest.mark.parametrize("begins", [0, 1])
def test_the_end_may_begin_with_a_record_that_is_not_counted(archive, begins):
    lines = [record(number) for n in range(100, 200) for number in (n, 0)]
    archive.write("pbx1", *lines)
    size = len(json.dumps(lines[0], separators=(",", ":")))
    (found,) = archive.heard("pbx1", most=60 * size + begins * size)
    assert 0 < found["lines"] < 200
    assert found["holes"] == []


def test_between_a_day_and_the_end_of_the_next_no_hole_is_told(archive):
    archive.write("pbx1", record(1), record(2), record(4), day=1)
    archive.write("pbx1", *(record(n) for n in range(5, 200)))
    assert archive.heard("pbx1", most=5000)[0]["holes"] == []
    assert archive.heard("pbx1")[0]["holes"] == ["3-3"]


def test_the_ages_of_moments_are_right_over_years(archive):
    old = record(1) | {"received": "2024-02-29T12:00:00.000000Z"}
    archive.write("pbx1", old)
    wanted = (datetime.now(UTC) - datetime(2024, 2, 29, 12, tzinfo=UTC)).total_seconds()
    assert abs(archive.heard("pbx1")[0]["newest"] - wanted) < 10


def strangers(tmp_path, files, before=""):
    """Return the names of the files in which strangers' records are seen."""
    folder = tmp_path / "_unidentified"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)

    def run(_words, script):
        words = ["sh", "-c", before + script.replace(log_archive.PLACE, str(tmp_path))]
        return subprocess.run(words, capture_output=True, text=True, check=True)

    found = log_archive.unidentified(SimpleNamespace(run=run))
    return [path.rpartition("/")[2] for path in found]


def test_what_strangers_sent_is_seen_in_open_and_closed_days_and_empty_days_are_not(tmp_path):
    files = {
        "2026-11-24.jsonl.zst": zstandard.compress(b""),
        "2026-11-25.jsonl.zst": zstandard.compress(b"x"),
        "2026-11-26.jsonl": b"",
        "2026-11-27.jsonl": b"x",
        "chain.jsonl": b"x",
    }
    assert strangers(tmp_path, files) == ["2026-11-25.jsonl.zst", "2026-11-27.jsonl"]


@pytest.mark.parametrize(
    ("content", "before"),
    [(b"no frame", ""), (zstandard.compress(b""), "zstd() { return 127; }\n")],
    ids=["damaged", "no zstd"],
)
def test_a_day_of_strangers_that_cannot_be_read_is_no_empty_one(tmp_path, content, before):
    files = {"2026-11-25.jsonl.zst": content}
    assert strangers(tmp_path, files, before) == ["2026-11-25.jsonl.zst"]
