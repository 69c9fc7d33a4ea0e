import subprocess
from types import SimpleNamespace

import pytest

from ringfence.verify.probes import audit_records
from ringfence.verify.probes.audit_records import events_of

READ = [
    "node=rec1 type=SYSCALL msg=audit(1764201600.123:77): arch=c000003e syscall=257 success=yes "
    "exit=3 a0=ffffff9c a1=55d0 a2=0 a3=0 items=1 ppid=1 pid=2 auid=1000 uid=0 gid=0 euid=0 ses=3 "
    'comm="perl" exe="/usr/bin/perl" subj=unconfined key="access-record"\x1dARCH=x86_64 '
    'SYSCALL=openat AUID="deploy" UID="root"',
    'node=rec1 type=CWD msg=audit(1764201600.123:77): cwd="/"',
    'node=rec1 type=PATH msg=audit(1764201600.123:77): item=0 name="/srv/a/.x" nametype=NORMAL',
]
DENIED = [
    "type=SYSCALL msg=audit(1764201600.200:78): arch=c000003e syscall=87 success=no exit=-13 a0=1 "
    'a1=0 auid=1000 uid=65534 key="access-denied"\x1dARCH=x86_64 SYSCALL=unlink AUID="deploy"',
    'type=PATH msg=audit(1764201600.200:78): item=0 name="/srv/a/.x" nametype=UNKNOWN',
]


def test_records_of_one_number_are_one_event():
    read, denied = events_of([DENIED[0], READ[2], READ[0], DENIED[1], READ[1]])
    assert (read.kind, read.allowed, read.person, read.account) == ("read", True, "1000", "0")
    assert (read.key, read.paths) == ("access-record", ("/srv/a/.x",))
    assert (denied.kind, denied.allowed, denied.why) == ("delete", False, "-13")
    assert str(denied) == "delete denied (-13) person 1000 as 65534 in access-denied"


def test_the_same_number_at_another_moment_is_another_event():
    again = [line.replace("1764201600", "1764209999") for line in READ]
    assert len(events_of([*READ, *again])) == 2


@pytest.mark.parametrize(("flags", "kind"), [("0", "read"), ("241", "write"), ("2", "write")])
def test_how_a_file_was_opened_stands_in_the_flags(flags, kind):
    (event,) = events_of([line.replace(" a2=0 ", f" a2={flags} ") for line in READ])
    assert event.kind == kind


def test_a_key_that_is_none_and_a_name_that_is_hidden_are_told():
    lines = [READ[0].replace('key="access-record"', "key=(null)"), READ[1]]
    (event,) = events_of(lines)
    assert (event.key, event.paths) == ("(null)", ())


def test_lines_that_are_no_records_are_passed_over():
    assert events_of(["", "person 1000", "type=PATH without a stamp"]) == []


def test_what_was_found_belongs_to_who_asked():
    text = "\n".join(["person 1000", *READ, *DENIED])
    host = SimpleNamespace(run=lambda *_: SimpleNamespace(stdout=text))
    attempt = audit_records.allowed(host, "/srv/a")
    assert attempt.person == "1000"
    kinds = [event.kind for event in attempt.in_place("/srv/a")]
    assert kinds == ["read", "delete"]  # after a group separator in the record
    assert attempt.in_place("/srv/b") == []


@pytest.mark.parametrize(
    "script",
    [
        audit_records.ALLOWED.replace("DIRECTORY", "'/srv/a b'"),
        audit_records.DENIED.replace("DIRECTORY", "'/srv/a b'"),
        audit_records.ACCOUNTS,
        audit_records.IN_SYSLOG,
    ],
)
def test_the_scripts_are_shell(script):
    checked = subprocess.run(
        ["shellcheck", "--shell=sh", "--exclude=SC2016,SC2034,SC2164,SC2086", "-"],
        input=script,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def searched(tmp_path, log, *commands, kernel="pid 7"):
    """Run a search for real: with a log of its own, and auditctl that writes to it."""
    tools, path = tmp_path / "tools", tmp_path / "audit.log"
    tools.mkdir()
    (tools / "auditctl").write_text(
        "#!/bin/sh\n"
        f'[ "$1" != -s ] || echo "{kernel}"\n'
        f'[ "$1" != -m ] || echo "type=USER msg=audit(9.0:9): msg=\'text=$2\'" >>{path}\n'
    )
    (tools / "auditctl").chmod(0o755)
    path.write_text(log)
    script = "\n".join([audit_records.NAMED, *commands, audit_records.SEARCH])
    script = script.replace("/var/log/audit/audit.log", str(path))
    ended = subprocess.run(
        ["sh", "-uc", f'PATH={tools}:"$PATH"\n{script}'],
        capture_output=True,
        text=True,
        check=True,
        timeout=audit_records.PATIENCE,
    )
    return [line for line in ended.stdout.splitlines()[1:] if "type=USER" not in line]


def test_the_records_of_an_access_are_those_after_it_of_the_same_events(tmp_path):
    own = [
        'echo "type=SYSCALL msg=audit(1.0:5): key=a" >>"$log"',
        'echo "type=PATH msg=audit(1.0:5): name=$canary" >>"$log"',
        'echo "type=PATH msg=audit(1.0:6): name=other" >>"$log"',
    ]
    found = searched(tmp_path, "type=PATH msg=audit(0.1:5): name=earlier\n", *own)
    assert [line.split(" name=ringfence")[0] for line in found] == [
        "type=SYSCALL msg=audit(1.0:5): key=a",
        "type=PATH msg=audit(1.0:5):",
    ]


def test_the_records_of_an_access_are_found_when_the_log_was_full_meanwhile(tmp_path):
    own = [
        'echo "type=SYSCALL msg=audit(1.0:5): key=a" >>"$log"',
        'mv "$log" "$log.1"',
        'echo "type=PATH msg=audit(1.0:5): name=$canary" >"$log"',
    ]
    assert len(searched(tmp_path, "type=PATH msg=audit(0.1:1): name=earlier\n", *own)) == 2


def test_a_kernel_without_auditd_is_not_waited_for(tmp_path):
    assert searched(tmp_path, "", kernel="pid 0") == []
