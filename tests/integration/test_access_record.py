"""The access record as an officer reads it: each access to personal data, told by the collector."""

import json
import shlex
import time
from datetime import datetime

import pytest

pytestmark = pytest.mark.machine
DATA = {"recordings1": "/srv/recordings", "pbx1": "/srv/handover"}
"""Where the machines, of Debian 13 and 12, have personal data."""
ARRIVES = 120  # seconds; emulated machines are slow
MADE = """
umask 077
mkdir {folder} {folder}/shut
chmod 755 {folder}
for name in read written moved gone sealed shut/inner; do echo sound >{folder}/$name; done
chattr +i {folder}/sealed
date -u +%FT%T.%3NZ
"""
ALLOWED = """
cat {folder}/read >/dev/null
echo more >>{folder}/written
perl -e 'rename "{folder}/moved", "{folder}/$ARGV[0]" or die' {name}
echo sound >{folder}/moved
rm {folder}/gone
echo sound >{folder}/gone
cat {folder}/shut/inner >/dev/null
! echo more 2>/dev/null >>{folder}/sealed
"""
"""What root may, by sudo or not; what nobody may is to write to a file that is immutable."""
DENIED = """
! cat {folder}/read 2>/dev/null
! echo more 2>/dev/null >>{folder}/written
perl -e 'exit rename "{folder}/moved", "{folder}/elsewhere"'
! unlink {folder}/gone 2>/dev/null
! cat {folder}/shut/inner 2>/dev/null
"""
ROWS_OF_ALLOWED = (
    ("read", "read", "", "allowed"),
    ("write", "written", "", "allowed"),
    ("rename", "moved", "{name}", "allowed"),
    ("create", "moved", "", "allowed"),
    ("delete", "gone", "", "allowed"),
    ("create", "gone", "", "allowed"),
    ("read", "shut/inner", "", "allowed"),
    ("write", "sealed", "", "denied"),
)
ROWS_OF_DENIED = (
    ("read", "read", "", "denied"),
    ("write", "written", "", "denied"),
    ("rename", "moved", "elsewhere", "denied"),
    ("delete", "gone", "", "denied"),
    ("read", "shut/inner", "", "denied"),
)


@pytest.mark.parametrize("host", DATA)
def test_each_kind_of_access_and_attempt_is_a_row_at_the_collector(recording, host):
    folder = f"{DATA[host]}/exactly"
    since = recording.run_on(host, MADE.format(folder=folder)).strip()
    by_sudo = ALLOWED.format(folder=folder, name="by-sudo")
    at_the_console = ALLOWED.format(folder=folder, name="at-the-console")
    recording.run_on(host, by_sudo)
    recording.run_on(host, as_root_who_logged_in(at_the_console))
    recording.run_on(host, as_nobody(DENIED.format(folder=folder)))
    expected = sorted(
        [
            *rows("deploy", "root", ROWS_OF_ALLOWED, "by-sudo"),
            *rows("root", "root", ROWS_OF_ALLOWED, "at-the-console"),
            *rows("deploy", "nobody", ROWS_OF_DENIED, ""),
        ]
    )
    assert told(recording, host, folder, since, len(expected)) == expected


def rows(person, acting, kinds, name):
    return [
        (person, acting, kind, path, target.format(name=name), result)
        for kind, path, target, result in kinds
    ]


def as_nobody(script):
    words = shlex.quote(f"set -eu\n{script}")
    return f"setpriv --reuid nobody --regid nogroup --clear-groups sh -c {words}"


def as_root_who_logged_in(script):
    """As pam_loginuid(8) tells the kernel when root logs in at the console."""
    words = shlex.quote(f"set -eu\necho 0 >/proc/self/loginuid\n{script}")
    return f"systemd-run --quiet --pipe --wait sh -c {words}"


def told(lab, host, folder, since, least):
    """Return what the collector's archive says, once it has that many rows."""
    asked = ("--limit", host, "--path", folder, "--since", since, "--format", "jsonl")
    until = time.monotonic() + ARRIVES
    while True:
        ended = lab.ringfence("access-record", str(lab.path), *asked)
        found = [json.loads(line) for line in ended.stdout.splitlines()]
        if len(found) >= least or time.monotonic() > until:
            break
        time.sleep(2)
    assert ended.returncode == 0, ended.stderr
    for row in found:
        assert row["host"] == host
        assert datetime.fromisoformat(row["time"]) >= datetime.fromisoformat(since)
    return sorted(
        (
            row["person"],
            row["acting_as"],
            row["access"],
            row["path"].removeprefix(f"{folder}/"),
            row["target"].removeprefix(f"{folder}/"),
            row["result"],
        )
        for row in found
    )
