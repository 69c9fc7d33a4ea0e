"""``ringfence access-record`` and ``ringfence review``: what they print, and their exit codes."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest

import ringfence.cli
from ringfence.cli import access_record
from ringfence.site import load_site
from ringfence.site.sampling import SAMPLE

CALL = (
    "arch=c000003e syscall=257 success={0} exit={1} a0=ffffff9c a1=7ffd a2=0 a3=0 items=1 ppid=1 "
    'pid=2 auid=1201 uid=1201 euid=1201 tty=pts0 ses=7 comm="cat" exe="/usr/bin/cat" '
    'key="access-{2}" ARCH=x86_64 SYSCALL=openat AUID="ana" UID="ana" EUID="ana"'
)


@pytest.fixture
def noon():
    return (datetime.now(UTC) - timedelta(days=40)).replace(hour=12, minute=0, second=0)


@pytest.fixture
def archive(tmp_path, noon):
    """One read that was allowed, and one that was denied, an hour apart."""
    path = tmp_path / f"logs/recordings1/{noon:%Y-%m-%d}.jsonl"
    path.parent.mkdir(parents=True)
    lines, sequence = [], 0
    for serial, outcome in enumerate([("yes", 3, "record"), ("no", -13, "denied")], 1):
        at = noon + timedelta(hours=serial)
        head = f"msg=audit({int(at.timestamp())}.000:{serial}):"
        for text in (
            f"type=SYSCALL {head} {CALL.format(*outcome)}",
            f'type=CWD {head} cwd="/home/ana"',
            f'type=PATH {head} item=0 name="/srv/recordings/{serial}.wav" inode=3 dev=fd:01 '
            "mode=0100640 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL",
        ):
            sequence += 1
            stamp = f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"
            content = {"received": stamp, "sent": stamp, "host": "recordings1"}
            content |= {"sequence": sequence, "facility": "local6", "severity": "info"}
            content |= {"program": "audisp-syslog", "pid": "1", "message": text}
            lines.append(json.dumps(content, separators=(",", ":")))
    path.write_text("\n".join(lines) + "\n")
    return tmp_path / "logs"


def run(capsys, *arguments):
    """Run a command about recordings1, unless it names other hosts."""
    limit = () if "--limit" in arguments else ("--limit", "recordings1")
    code = ringfence.cli.run([str(one) for one in (*arguments, *limit)])
    return (code, *capsys.readouterr())


def test_a_host_with_personal_data_that_sent_nothing_is_told(archive, capsys):
    arguments = ("access-record", SAMPLE, "--archive", archive)
    code = ringfence.cli.run([str(one) for one in arguments])
    said = capsys.readouterr()
    assert code == 1
    assert len(said.out.splitlines()) == 3
    absent = [line.split()[2] for line in said.err.splitlines()]
    hosts = load_site(SAMPLE).hosts.values()
    assert "recordings1:" not in absent
    assert set(absent) >= {f"{one.name}:" for one in hosts if one.in_group("database")} != set()


def test_a_table_of_a_day(archive, noon, capsys):
    day = f"{noon:%Y-%m-%d}"
    code, out, err = run(
        capsys, "access-record", SAMPLE, "--archive", archive, "--since", day, "--until", day
    )
    head, first, second = out.splitlines()
    assert (code, err) == (0, "")
    assert head.split() == ["time", "(UTC)", "host", "person", "access", "result", "path"]
    assert first.split()[1:] == ["recordings1", "ana", "read", "allowed", "/srv/recordings/1.wav"]
    assert second.split()[-2:] == ["denied", "/srv/recordings/2.wav"]


def test_csv_and_json_lines_of_what_was_denied(archive, capsys):
    _, out, _ = run(
        capsys, "access-record", SAMPLE, "--archive", archive, "--denied", "--format", "csv"
    )
    (row,) = csv.DictReader(io.StringIO(out))
    assert (row["person"], row["result"], row["error"]) == ("ana", "denied", "EACCES")
    _, out, _ = run(
        capsys, "access-record", SAMPLE, "--archive", archive, "--denied", "--format", "jsonl"
    )
    assert {name: str(value) for name, value in json.loads(out).items() if value} == {
        name: value for name, value in row.items() if value
    }


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        (("--person", "ana"), 2),
        (("--person", "bruno"), 0),
        (("--path", "/srv/recordings/1.wav"), 1),
        (("--path", "/srv"), 2),
        (("--limit", "recordings1"), 2),
    ],
)
def test_questions(archive, capsys, options, rows):
    code, out, _ = run(
        capsys, "access-record", SAMPLE, "--archive", archive, "--format", "jsonl", *options
    )
    assert (code, len(out.splitlines())) == (0, rows)


def test_a_moment_ends_the_question_before_it(archive, noon, capsys):
    until = f"{noon + timedelta(hours=2):%Y-%m-%dT%H:%M:%S}Z"
    _, out, _ = run(
        capsys, "access-record", SAMPLE, "--archive", archive, "--until", until, "--format", "jsonl"
    )
    assert len(out.splitlines()) == 1


class Screen(io.StringIO):
    """A terminal that remembers each write."""

    def __init__(self):
        super().__init__()
        self.writes = []

    def isatty(self):
        return True

    def write(self, text):
        self.writes.append(text)
        return super().write(text)


def test_on_a_terminal_many_rows_are_written_at_once_and_none_waits_for_the_next(monkeypatch):
    now = 100.0
    monkeypatch.setattr(access_record.time, "monotonic", lambda: now)
    screen = Screen()
    monkeypatch.setattr(access_record.sys, "stdout", screen)
    steps = []
    rows = access_record.Rows(lambda *step: steps.append(step))

    def lines():
        nonlocal now
        yield from ("first", "second", "third")
        now += 1
        rows.say("recordings1", "2026-03-02.jsonl", 0.5)
        assert screen.writes == ["first\n", "second\nthird\n"]
        yield "fourth"
        yield "last"

    rows.write(lines())
    assert screen.getvalue().split() == ["first", "second", "third", "fourth", "last"]
    assert steps == [("recordings1", "2026-03-02.jsonl", 0.5, False)]


def test_without_a_terminal_no_step_is_told(archive, noon, capsys):
    for command in (
        ("access-record", SAMPLE, "--archive", archive, "--format", "csv"),
        ("review", SAMPLE, "--archive", archive, "--month", f"{noon:%Y-%m}"),
    ):
        code, out, err = run(capsys, *command)
        assert (code, err) == (0, "")
        assert "hosts done" not in out


@pytest.mark.parametrize("verb", ["access-record", "review"])
def test_a_terminal_shows_how_many_hosts_are_read(archive, noon, monkeypatch, capsys, verb):
    terminal = Screen()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(access_record.sys, "stderr", terminal)
    month = ("--month", f"{noon:%Y-%m}") if verb == "review" else ()
    run(capsys, verb, SAMPLE, "--archive", archive, *month)
    assert f"{verb} · 1 of 1 hosts done" in terminal.getvalue()
    assert "recordings1" in terminal.getvalue()


def test_what_is_missing_is_told_and_is_1(archive, capsys):
    path = next(archive.glob("*/*"))
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], *lines[3:]]) + "\n")
    code, out, err = run(capsys, "access-record", SAMPLE, "--archive", archive)
    assert code == 1
    assert len(out.splitlines()) == 3
    assert "not whole: recordings1: 1 messages are missing, with the numbers 3" in err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--since", "yesterday"), "--since 'yesterday' is no time: write 2026-03-01 or"),
        (("--since", "2026-03-02", "--until", "2026-03-01"), "ends before it begins"),
        (("--path", "recordings"), "must begin with /"),
        (("--person", "Ana Ruiz"), "neither a login name nor an account's number"),
        (("--limit", "nowhere"), "nowhere"),
        (("--archive", "/no/such/folder"), "/no/such/folder"),
    ],
)
def test_wrong_calls_are_told_in_a_sentence(archive, capsys, options, sentence):
    code, out, err = run(capsys, "access-record", SAMPLE, "--archive", archive, *options)
    assert (code, out) == (4, "")
    assert sentence in err
    assert "Traceback" not in err


def test_a_review_is_written_once(archive, noon, tmp_path, capsys):
    where = tmp_path / "review.md"
    call = ("review", SAMPLE, "--archive", archive, "--month", f"{noon:%Y-%m}", "--output", where)
    code, out, err = run(capsys, *call)
    assert (code, out, err) == (0, f"{where}\n", "")
    assert "| ana | Ana Ruiz | 2 | 1 | 1 | 2 read | recordings1 |" in where.read_text()
    where.write_text("completed")
    code, _, err = run(capsys, *call)
    assert (code, where.read_text()) == (4, "completed")
    assert "name another file" in err


def test_a_review_as_html(archive, noon, capsys):
    code, out, _ = run(
        capsys, "review", SAMPLE, "--archive", archive, "--month", f"{noon:%Y-%m}",
        "--format", "html",
    )  # fmt: skip
    assert code == 0
    assert out.startswith("<!doctype html>")


def test_a_review_as_json(archive, noon, tmp_path, capsys):
    where = tmp_path / "review.json"
    call = ("review", SAMPLE, "--archive", archive, "--month", f"{noon:%Y-%m}")
    code, out, err = run(capsys, *call, "--json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert (document["accesses"], document["denied"]) == (2, 1)
    (denial,) = document["denials"]
    assert denial["first"] == f"{noon + timedelta(hours=2):%Y-%m-%dT%H:%M:%S}.000Z"
    code, out, _ = run(capsys, *call, "--format", "json", "--output", where)
    assert (code, out) == (0, f"{where}\n")
    assert json.loads(where.read_text()) | {"made": ""} == document | {"made": ""}


def test_json_is_short_for_a_format(archive, noon, capsys):
    call = ("access-record", SAMPLE, "--archive", archive)
    _, lines, _ = run(capsys, *call, "--format", "jsonl")
    assert run(capsys, *call, "--json") == (0, lines, "")
    assert run(capsys, *call, "--json", "--format", "jsonl") == (0, lines, "")
    code, out, err = run(capsys, *call, "--json", "--format", "csv")
    assert (code, out) == (4, "")
    assert "leave out --format csv, or --json" in err
    month = ("--month", f"{noon:%Y-%m}")
    code, out, err = run(
        capsys, "review", SAMPLE, "--archive", archive, *month, "--json", "--format", "html"
    )
    assert (code, out) == (4, "")
    assert "leave out --format html, or --json" in err


def test_a_review_of_nothing_is_1(archive, capsys):
    code, out, _ = run(capsys, "review", SAMPLE, "--archive", archive, "--month", "2020-01")
    assert code == 1
    assert "Nobody, as far as the record goes." in out


@pytest.mark.parametrize(
    ("month", "sentence"), [("March", "is no month: write 2026-03"), ("2999-01", "has not begun")]
)
def test_wrong_months(archive, capsys, month, sentence):
    code, _, err = run(capsys, "review", SAMPLE, "--archive", archive, "--month", month)
    assert code == 4
    assert sentence in err
