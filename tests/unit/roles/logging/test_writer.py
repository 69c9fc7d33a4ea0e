"""The script that writes the archive, as rsyslog's omprog talks to it."""

import json
import os
import resource
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

KEYS = ["received", "sent", "host", "sequence", "facility", "severity", "program", "pid", "message"]
SENT = "2026-11-27T10:00:00.000001Z"


class Writer:
    def __init__(self, script, archive, *more, **options):
        self.archive = archive
        words = ["perl", str(script), str(archive), str(archive / "_unidentified"), *map(str, more)]
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options
        )
        assert self.said() == "OK"

    def said(self):
        return self.process.stdout.readline().decode().rstrip("\n")

    def takes(self, entries, host="pbx1", address="10.0.0.1"):
        if isinstance(entries, str):
            entries = entries.encode()
        self.process.stdin.write(f"{host}\t{address}\t".encode() + entries + b"\n")
        self.process.stdin.flush()
        return self.said()

    def open_files(self):
        links = Path(f"/proc/{self.process.pid}/fd").iterdir()
        return [str(link.readlink()) for link in links if link.readlink().suffix == ".jsonl"]

    def lines(self, host="pbx1"):
        return [
            line
            for file in sorted((self.archive / host).glob("*.jsonl"))
            for line in file.read_text().splitlines()
        ]

    def records(self, host="pbx1"):
        return [json.loads(line) for line in self.lines(host)]


@pytest.fixture
def start(script, tmp_path):
    archive = tmp_path / "logs"
    for name in ("pbx1", "db1", "_unidentified"):
        (archive / name).mkdir(parents=True)
    started = []

    def run(path=None, *more, **options):
        started.append(Writer(path or script("writer"), archive, *more, **options))
        return started[-1]

    yield run
    for writer in started:
        writer.process.stdin.close()
        writer.process.wait(timeout=10)
        writer.process.stdout.close()


def entry(sequence=1, message="hello", program="sshd"):
    return {
        "sent": SENT,
        "sequence": sequence,
        "facility": "auth",
        "severity": "info",
        "program": program,
        "pid": "7",
        "message": message,
    }


def sent(*entries):
    return json.dumps(entries, separators=(",", ":"), ensure_ascii=False)


def test_entries_are_written_in_the_archives_form(start):
    writer = start()
    assert writer.takes(sent(entry(1), entry(2, 'two\nlines "quoted" \\ é \u0001'))) == "OK"
    first, second = writer.records()
    assert list(first) == KEYS
    assert (first["host"], first["sequence"], first["sent"]) == ("pbx1", 1, SENT)
    assert second["message"] == 'two\nlines "quoted" \\ é \u0001'
    received = datetime.strptime(first["received"], "%Y-%m-%dT%H:%M:%S.%f%z")
    assert abs((datetime.now(UTC) - received).total_seconds()) < 60
    (file,) = (writer.archive / "pbx1").iterdir()
    assert file.name == f"{first['received'][:10]}.jsonl"


def test_the_sender_does_not_decide_who_it_is(start):
    writer = start()
    forged = f'[{{"sent":"{SENT}","host":"db1","sequence":1}}]'
    writer.takes(forged)
    inside = sent(entry(2, '"},{"received":"x","host":"db1'))
    writer.takes(inside)
    assert writer.lines("db1") == []
    assert [record["host"] for record in writer.records()] == ["pbx1"]


@pytest.mark.parametrize(
    "entries",
    [
        sent(entry(1), entry(2))[:-9],
        sent(entry(1))[:-1],
        sent(entry(1)) + "x",
        sent(entry(1)).replace('"sequence":1', '"sequence":-1'),
        sent(entry(1)).replace('"auth"', '"AUTH!"'),
    ],
)
def test_part_of_a_message_is_not_written(entries, start):
    writer = start()
    assert writer.takes(entries) == "OK"
    assert writer.lines() == []


def test_what_comes_from_elsewhere_is_kept_as_it_is(start):
    writer = start()
    assert writer.takes(b'<13>Nov 27 switch: "port" \\ \xff down') == "OK"
    (record,) = writer.records()
    assert record["sequence"] == 0
    assert record["message"] == '<13>Nov 27 switch: "port" \\ \\x{ff} down'


def test_what_is_not_utf_8_breaks_no_line(start):
    writer = start()
    writer.takes(sent(entry(1)).encode().replace(b"hello", b"\xff\xed\xa0\x80"))
    (record,) = writer.records()
    assert record["sequence"] == 0


def test_who_is_no_host_is_kept_apart(start):
    writer = start()
    assert writer.takes(sent(entry(1)), host="", address="10.9.9.9") == "OK"
    (record,) = writer.records("_unidentified")
    assert record["host"] == "10.9.9.9"


def test_a_torn_line_of_a_sudden_stop_ends(start):
    writer = start()
    writer.takes(sent(entry(1)))
    (file,) = (writer.archive / "pbx1").iterdir()
    file.write_text(file.read_text() + '{"received":"20')
    again = start()
    again.takes(sent(entry(2)))
    lines = again.lines()
    assert lines[1] == '{"received":"20'
    assert json.loads(lines[2])["sequence"] == 2


def test_what_can_not_be_written_is_not_acknowledged_and_comes_whole_again(start):
    none = resource.RLIM_INFINITY

    def at_most_8_kilobytes():
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, none))

    # Python ignores the signal that such a write brings, and so does its child.
    writer = start(preexec_fn=at_most_8_kilobytes, restore_signals=False)
    entries = sent(*(entry(number, "x" * 500) for number in range(30)))
    assert "File too large" in writer.takes(entries)
    resource.prlimit(writer.process.pid, resource.RLIMIT_FSIZE, (none, none))
    assert writer.takes(entries) == "OK"
    assert [json.loads(line)["sequence"] for line in writer.lines()[-30:]] == list(range(30))


def test_while_nothing_can_be_written_a_file_says_so_and_people_hear(start, script, tmp_path):
    """A full disk is a folder that isn't there; systemctl(1) is one that notes what it is told."""
    (tmp_path / "bin").mkdir()
    systemctl, told = tmp_path / "bin/systemctl", tmp_path / "told"
    systemctl.write_text(f'#!/bin/sh\necho "$*" >>{told}\n')
    systemctl.chmod(0o755)
    refusing = tmp_path / "refusing"
    words = (script("writer"), refusing)
    options = {"env": {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}}
    look = "restart --no-block ringfence-log-room.service\n"
    writer = start(*words, **options)
    folder, away = writer.archive / "pbx1", writer.archive / "away"

    assert writer.takes(sent(entry(1))) == "OK"
    assert not refusing.exists()
    folder.rename(away)
    for _ in range(2):
        assert "No such file" in start(*words, **options).takes(sent(entry(2)))
    assert refusing.exists()
    assert told.read_text() == look
    away.rename(folder)
    again = start(*words, **options)
    assert again.takes(sent(entry(2))) == "OK"
    assert not refusing.exists()
    assert told.read_text() == 2 * look
    assert again.takes(sent(entry(3))) == "OK"
    assert told.read_text() == 2 * look


def test_a_long_message_of_escapes_is_read_whole(start):
    writer = start()
    text = "\\" * 50_000
    assert writer.takes(sent(entry(1, text))) == "OK"
    assert writer.records()[0]["message"] == text


def test_files_of_a_day_that_is_over_are_let_go(start, script, tmp_path):
    """The clock of this writer is a file that says so many seconds more."""
    (tmp_path / "later").write_text("0")
    path = script("writer")
    clock = "POSIX::strftime('%Y-%m-%dT%H:%M:%S', gmtime $second)"
    later = clock.replace("$second", "($second + do { open my $f, '<', $ENV{LATER}; <$f> })")
    assert path.read_text().count(clock) == 1
    path.write_text(path.read_text().replace(clock, later))
    writer = start(path, env={**os.environ, "LATER": str(tmp_path / "later")})
    for host in ("pbx1", "db1"):
        writer.takes(sent(entry(1)), host=host)
    assert len(writer.open_files()) == 2
    (tmp_path / "later").write_text("86400")
    writer.takes(sent(entry(2)))
    (left,) = writer.open_files()
    assert left == str(max((writer.archive / "pbx1").iterdir()))
