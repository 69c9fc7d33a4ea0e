"""The probe's script is the real one, run on this computer."""

import json
import subprocess
from datetime import date
from types import SimpleNamespace

import pytest

from ringfence.verify.probes import access_rows

NOON = 1772366400
EVENT = [
    'type=SYSCALL msg=audit({0}.000:{1}): arch=c000003e syscall=257 success=yes exit=3 items=1 '
    'pid=2 auid=1201 uid=0 key="access-record" ARCH=x86_64 AUID="ana"',
    'type=PATH msg=audit({0}.000:{1}): item=0 name="/srv/a" inode=3 nametype=NORMAL',
]  # fmt: skip


@pytest.fixture
def host():
    def run(command):
        done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
        return SimpleNamespace(rc=done.returncode, stdout=done.stdout, stderr=done.stderr)

    return SimpleNamespace(run=run)


@pytest.fixture
def archive(tmp_path):
    """Write a closed file of a day; its lines are messages of audisp-syslog, or bytes."""

    def write(day, *messages, name="recordings1"):
        lines = []
        for number, message in enumerate(messages, 1):
            content = {"received": "2026-03-01T12:00:00.000000Z"}
            content |= {"sent": "2026-03-01T12:00:00.000000Z", "host": name, "sequence": number}
            content |= {"facility": "local6", "severity": "info", "program": "audisp-syslog"}
            content |= {"pid": "4", "message": message}
            is_raw = isinstance(message, bytes)
            lines.append(message if is_raw else json.dumps(content, separators=(",", ":")).encode())
        path = tmp_path / name / f"{day}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\n".join(lines) + b"\n")
        subprocess.run(["zstd", "-q", "--rm", str(path)], check=True)
        return path.with_name(f"{path.name}.zst")

    return write


def event(serial=1, at=NOON):
    return [text.format(at, serial) for text in EVENT]


def test_a_day_that_is_whole(host, archive, tmp_path):
    archive("2026-02-28", "older")
    archive("2026-03-01", *event(1), *event(2), "something else", b'{"torn":')
    found = access_rows.last_days(host, str(tmp_path))
    file = "recordings1/2026-03-01.jsonl.zst"
    assert (found.lines, found.accesses) == ({file: 6}, {file: 2})
    assert (found.odd, found.lacking) == ([], [])


@pytest.mark.parametrize("line", [b"{nonsense}", b'{"message":"x"}', b'{"received":"x"}'])
def test_a_line_that_is_no_message(host, archive, tmp_path, line):
    archive("2026-03-01", *event(), line)
    found = access_rows.last_days(host, str(tmp_path))
    assert found.odd == ["recordings1/2026-03-01.jsonl.zst line 3"]


@pytest.mark.parametrize(
    "records",
    [
        event()[:1],
        [event()[0].replace("success=yes ", ""), event()[1]],
        [event()[0].replace("auid=1201 ", ""), event()[1]],
        [event()[0].replace("items=1", "items=2"), event()[1]],
    ],
)
def test_an_access_that_does_not_tell_all(host, archive, tmp_path, records):
    archive("2026-03-01", *event(2), *records)
    found = access_rows.last_days(host, str(tmp_path))
    assert found.lacking == [f"recordings1/2026-03-01.jsonl.zst {NOON}.000:1"]


@pytest.mark.parametrize("at", [NOON - 43200, NOON + 43199])
def test_what_midnight_cuts_is_not_judged(host, archive, tmp_path, at):
    archive("2026-03-01", *event(1, at)[:1])
    found = access_rows.last_days(host, str(tmp_path))
    assert (found.lacking, list(found.accesses.values())) == ([], [0])


def test_other_rules_are_no_accesses(host, archive, tmp_path):
    archive("2026-03-01", event()[0].replace("access-record", "identity"))
    found = access_rows.last_days(host, str(tmp_path))
    assert (found.lacking, list(found.accesses.values())) == ([], [0])


def test_the_oldest_file_can_be_read(host, archive, tmp_path):
    archive("2026-03-02", "x")
    archive("2026-03-01", "x")
    broken = archive("2026-03-01", "y" * 200, name="pbx1")
    broken.write_bytes(broken.read_bytes()[:-4])
    assert access_rows.oldest(host, str(tmp_path)) == {
        "recordings1/2026-03-01.jsonl.zst": "read",
        "pbx1/2026-03-01.jsonl.zst": "damaged",
    }


def test_no_archive_is_no_row(host, tmp_path):
    assert access_rows.last_days(host, str(tmp_path / "none")).lines == {}
    assert access_rows.oldest(host, str(tmp_path / "none")) == {}


def test_a_day_is_due_once_the_chain_is_older_than_today(host, archive, tmp_path):
    archive("2026-03-01", *event())
    entry = '{"at":"2026-03-01T10:00:00Z","day":"2026-03-01","host":"x","kind":"%s","number":0}\n'
    for name, kind in (("recordings1", "begun"), ("pbx1", "begun"), ("odd", "empty")):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "chain.jsonl").write_text((entry % kind) * 2)
    first, later = date(2026, 3, 1), date(2026, 3, 2)
    found = access_rows.last_days(host, str(tmp_path))
    assert found.begun == {"recordings1": first, "pbx1": first}
    assert [found.is_due("pbx1", day) for day in (first, later)] == [False, True]
    assert found.is_due("odd", first)
