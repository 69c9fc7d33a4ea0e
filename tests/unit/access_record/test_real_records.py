"""Records of a real kernel: Debian 12, auditd with its plugin for syslog, rules as in ACR-01.

`records/debian12.txt` has the messages as audisp-syslog sent them.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

RECORDS = (Path(__file__).parent / "records/debian12.txt").read_text().splitlines()
R = "/srv/recordings/2026"


@pytest.fixture
def rows(archive):
    archive.write(RECORDS, datetime(2026, 11, 27, 12, tzinfo=UTC))
    accesses, doubts = archive.ask()
    assert doubts == []
    return [(one.person, one.kind, one.path, one.target, one.result) for one in accesses]


@pytest.mark.parametrize(
    ("kind", "path", "target"),
    [
        ("read", f"{R}/call-1.wav", ""),
        ("read", f"{R}/inner/deep.wav", ""),  # cat ./deep.wav in inner
        ("write", f"{R}/call-2.wav", ""),
        ("create", f"{R}/new.wav", ""),
        ("rename", f"{R}/call-3.wav", f"{R}/renamed.wav"),
        ("rename", f"{R}/call-4.wav", f"{R}/call-5.wav"),  # which was there
        ("rename", f"{R}/call-6.wav", "/srv/rw/out.wav"),
        ("delete", f"{R}/call-7.wav", ""),
        ("delete", f"{R}/d/f1", ""),  # rm -r d
        ("create", f"{R}/new.wav", f"{R}/hard.wav"),
        ("create", f"{R}/soft.wav", ""),
        ("attributes", f"{R}/new.wav", ""),
        ("read", f'{R}/caña "q".wav', ""),
        ("read", f"{R}/line\nbreak\x1b[31m", ""),
        ("read", f"{R}/back\\slash.wav", ""),
    ],
)
def test_what_was_done_is_in_the_record(rows, kind, path, target):
    assert ("ana", kind, path, target, "allowed") in rows


@pytest.mark.parametrize(
    ("kind", "path", "target"),
    [
        ("read", f"{R}/call-1.wav", ""),
        ("write", f"{R}/call-1.wav", ""),
        ("delete", f"{R}/call-1.wav", ""),
        ("rename", f"{R}/call-1.wav", f"{R}/z"),
        ("create", f"{R}/q", ""),
        ("create", f"{R}/call-1.wav", "/tmp/l"),  # a hard link
        ("read", f"{R}/call 32.wav", ""),  # a program of 32 bits
    ],
)
def test_what_was_denied_is_in_the_record(rows, kind, path, target):
    assert ("bruno", kind, path, target, "denied") in rows
