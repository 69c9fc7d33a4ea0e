import json
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from .conftest import day

FROM = "from 203.0.113.7 port 50000 ssh2"
DENIED = (
    'type=SYSCALL msg=audit(1.0:1): success=no exit=-13 auid=1200 key="access-denied"\x1d'
    'ARCH=x86_64 AUID="ana" UID="ana"'
)
IDENTITY = (
    'type=SYSCALL msg=audit(1.0:1): success=yes exit=3 auid=1200 key="identity"\x1d'
    'ARCH=x86_64 AUID="{}" UID="root"'
)
CLOCK = (
    "type=SYSCALL msg=audit(1.0:1): arch=c000003e syscall=227 success=yes exit=0 auid=1200 uid=0"
    ' comm="x" exe="/usr/sbin/{}" subj=unconfined key="time-change"\x1dARCH=x86_64'
    ' SYSCALL=clock_settime AUID="ana" UID="root"'
)


@pytest.mark.parametrize(
    ("program", "message", "found"),
    [
        ("sshd", f"Accepted publickey for ana {FROM}: x", ("login", "external", "ana", False)),
        (
            "sshd-session",
            f"Accepted publickey for eve {FROM}: x",
            ("login-of-stranger", "external", "eve", True),
        ),
        (
            "login",
            "pam_unix(login:session): session opened for user ana(uid=1200) by ana(uid=0)",
            ("login", "internal", "ana", False),
        ),
        (
            "sshd",
            f"Failed password for invalid user eve {FROM}",
            ("login-failed", "external", "203.0.113.7", False),
        ),
        (
            "sshd",
            "Connection closed by authenticating user root 10.1.2.3 port 4 [preauth]",
            ("login-failed", "internal", "10.1.2.3", False),
        ),
        (
            "login",
            "pam_unix(login:auth): authentication failure; logname= uid=0 ruser= rhost=  user=ana",
            ("login-failed", "internal", "ana", False),
        ),
        (
            "sudo",
            "     ana : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh",
            ("privilege-denied", "internal", "ana", False),
        ),
        (
            "sudo",
            "     ana : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; COMMAND=/bin/sh",
            ("privilege-denied", "internal", "ana", False),
        ),
        ("su", "FAILED SU (to root) ana on pts/1", ("privilege-denied", "internal", "ana", False)),
        ("audisp-syslog", DENIED, ("access-denied", "internal", "ana", False)),
        (
            "audisp-syslog",
            IDENTITY.format("ana"),
            ("keys-changed", "internal", "ana", True),
        ),
        (
            "audisp-syslog",
            IDENTITY.format("deploy"),
            ("account-changed", "internal", "deploy", False),
        ),
        (
            "useradd",
            "new user: name=eve, UID=1300, GID=1300, home=/home/eve, shell=/bin/sh, from=none",
            ("account-made", "internal", "eve", True),
        ),
        (
            "useradd",
            "new user: name=ana, UID=1200, GID=1200, home=/home/ana, shell=/bin/sh, from=none",
            ("account-changed", "internal", "ana", False),
        ),
        (
            "useradd",
            "new user: name=toor, UID=0, GID=0, home=/root, shell=/bin/sh, from=none",
            ("account-made", "internal", "toor", True),
        ),
        (
            "useradd",
            "new user: name=_chrony, UID=104, GID=109, home=/var, shell=/bin/false, from=none",
            ("account-changed", "internal", "_chrony", False),
        ),
        ("usermod", "add 'eve' to group 'sudo'", ("rights-given", "internal", "eve", True)),
        ("usermod", "add 'eve' to group 'call'", ("account-changed", "internal", "eve", False)),
        (
            "permissions",
            "new program with privileges: 4755 root:root /tmp/sh",
            ("new-privileged-program", "internal", "4755 root:root /tmp/sh", True),
        ),
        (
            "alert",
            "auditd.service does not run: it is inactive",
            ("service-stopped", "internal", "auditd.service", True),
        ),
        (
            "alert",
            "chrony.service failed (signal)",
            ("service-stopped", "internal", "chrony.service", True),
        ),
        (
            "kernel",
            "[ 12.3] audit: audit_lost=3 audit_rate_limit=0 audit_backlog_limit=64",
            ("audit-lost", "internal", "audit_lost", True),
        ),
        (
            "kernel",
            "audit: backlog limit exceeded",
            ("audit-lost", "internal", "backlog limit exceeded", True),
        ),
        (
            "auditd",
            "Audit daemon is suspending logging due to no space left on logging partition.",
            ("audit-lost", "internal", "suspending logging", True),
        ),
        (
            "audisp-syslog",
            "type=CONFIG_CHANGE msg=audit(1.0:2): op=set lost=0 old=16122 auid=1000 ses=3 res=1",
            ("audit-lost", "internal", "16122", True),
        ),
        (
            "audisp-syslog",
            "type=DAEMON_END msg=audit(1.0:3): op=terminate auid=1200 uid=0 res=success"
            '\x1dAUID="ana" UID="root"',
            ("audit-lost", "internal", "ana", True),
        ),
        (
            "ringfence-audit",
            "auditd.service was ended while this host goes on (success, exited); no record",
            ("audit-lost", "internal", "auditd.service", True),
        ),
        (
            "audisp-syslog",
            "type=DAEMON_ABORT msg=audit(1.0:4): op=kernel-lost auid=4294967295 res=failed"
            '\x1dAUID="unset"',
            ("audit-lost", "internal", "DAEMON_ABORT", True),
        ),
        (
            "audisp-syslog",
            "type=DAEMON_ERR msg=audit(1.0:4): op=x res=failed",
            ("audit-lost", "internal", "DAEMON_ERR", True),
        ),
        ("audisp-syslog", CLOCK.format("date"), ("clock-set", "internal", "ana", True)),
        (  # of a name with a space auditd tells the bytes
            "audisp-syslog",
            CLOCK.replace('"/usr/sbin/{}"', "2F746D702F612062"),
            ("clock-set", "internal", "ana", True),
        ),
        (
            "audisp-syslog",
            "type=TIME_INJOFFSET msg=audit(1.0:5): sec=-3600 nsec=0",
            ("clock-set", "internal", "TIME_INJOFFSET", True),
        ),
        (
            "ringfence-heartbeat",
            "this host is up and its journal is read; audit records lost: 16122",
            ("audit-lost", "internal", "lost", True),
        ),
        (
            "ringfence-integrity",
            "f+++++++++++++++++ /usr/local/sbin/helper",
            ("files-changed", "internal", "watched files", True),
        ),
        (
            "fail2ban-server",
            "NOTICE  [sshd] Ban 203.0.113.7",
            ("intruder", "external", "203.0.113.7", False),
        ),
        (
            "fail2ban-server",
            "NOTICE  [sshd] Ban 10.1.2.3",
            ("intruder", "internal", "10.1.2.3", True),
        ),
        (
            "fail2ban-server",
            "NOTICE  [sshd] Ban 198.51.100.9",
            ("intruder", "client:acme", "198.51.100.9", False),
        ),
        (
            "kernel",
            "INDROP IN=host0 OUT= MAC=aa SRC=2001:db8:1::5 DST=2001:db8::1 LEN=60 PROTO=TCP DPT=23",
            ("packet-dropped", "internal", "2001:db8:1::5", False),
        ),
        (
            "clamd",
            "/srv/recordings/a.wav: Eicar-Test-Signature(44d8) FOUND",
            ("malware", "internal", "Eicar-Test-Signature(44d8)", True),
        ),
    ],
)
def test_what_a_message_tells(reviewer, program, message, found):
    kind, scope, about, is_exception = found
    said = reviewer.found(message, program=program)
    assert said == [(kind, scope, about, 1, is_exception)]


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (DENIED, ("access-denied", "ana", False)),
        (IDENTITY.format("ana"), ("keys-changed", "ana", True)),
        (CLOCK.format("date"), ("clock-set", "ana", True)),
        (
            "type=CONFIG_CHANGE msg=audit(1.0:2): audit_enabled=0",
            ("audit-lost", "audit_enabled=0", True),
        ),
        ("type=CONFIG_CHANGE msg=audit(1.0:2): op=set lost=0 old=7", ("audit-lost", "7", True)),
        ("type=DAEMON_ABORT msg=audit(1.0:4): op=x", ("audit-lost", "DAEMON_ABORT", True)),
    ],
)
def test_a_record_of_the_audit_tells_it_with_the_hosts_name_before_it(reviewer, message, found):
    """As auditd writes them on hosts of a site (auditd.conf(5), name_format)."""
    kind, about, is_exception = found
    said = reviewer.found(f"node=pbx1 {message}", program="audispd")
    assert said == [(kind, "internal", about, 1, is_exception)]


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("sshd", f"Failed publickey for ana {FROM}: ED25519 x"),  # another key of hers may do
        ("logger", f"Accepted publickey for eve {FROM}: x"),
        ("sudo", "ana : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/echo command not allowed"),
        ("sudo", "pam_unix(sudo:session): session opened for user root(uid=0) by ana(uid=1200)"),
        (
            "runuser",
            "pam_unix(runuser:session): session opened for user postgres(uid=104) by (uid=0)",
        ),
        ("atd", "pam_unix(atd:session): session opened for user postgres(uid=104) by (uid=0)"),
        ("CRON", "pam_unix(cron:session): session opened for user root(uid=0) by root(uid=0)"),
        ("kernel", "audit: audit_backlog_limit: 8192"),  # at each boot
        (
            "audisp-syslog",
            "type=DAEMON_END msg=audit(1.0:3): op=terminate auid=4294967295 uid=0 pid=1 res=success"
            '\x1dAUID="unset" UID="root"',  # at each halt
        ),
        ("audisp-syslog", CLOCK.format("chronyd")),
        (
            "audispd",
            DENIED.replace("key=", 'comm="9" exe="/usr/lib/systemd/systemd-executor" key='),
        ),
        ("audispd", DENIED.replace("key=", 'comm="systemctl" exe="/usr/bin/systemctl" key=')),
        ("audisp-syslog", CLOCK.format("date").replace("clock_settime", "adjtimex")),  # a look
        ("ringfence-heartbeat", "this host is up and its journal is read"),
        ("permissions", "it says: new program with privileges: 4755 root:root /tmp/sh"),
    ],
)
def test_what_a_message_does_not_tell(reviewer, program, message):
    assert reviewer.found(message, program=program) == []


@pytest.mark.parametrize(
    ("program", "message", "limit"),
    [
        ("sshd", f"Failed password for root {FROM}", 3),
        ("sudo", "ana : command not allowed ; TTY=pts/0 ; COMMAND=/bin/sh", 2),
        ("audisp-syslog", DENIED, 3),
        ("kernel", "OUTDROP IN= OUT=host0 SRC=10.1.2.3 DST=203.0.113.9 LEN=60", 3),
    ],
)
def test_what_is_too_much(reviewer, program, message, limit):
    (one,) = reviewer.found(*[message] * (limit - 1), program=program)
    assert one[-2:] == (limit - 1, False)
    (reviewer.state / f"{day(1)}.json").unlink()
    (one,) = reviewer.found(message, program=program)
    assert one[-2:] == (limit, True)


def test_packets_from_outside_are_counted_however_many(reviewer):
    message = "INDROP IN=host0 OUT= SRC=203.0.113.9 DST=10.0.0.1 LEN=60"
    (one,) = reviewer.found(*[message] * 50, program="kernel")
    assert one == ("packet-dropped", "external", "203.0.113.9", 50, False)


@pytest.mark.parametrize(
    ("clock", "kind"),
    [
        ("06:30:00", "login"),
        ("17:30:00", "login"),
        ("18:30:00", "login-outside-hours"),
        ("05:30:00", "login-outside-hours"),
    ],
)
def test_working_hours_are_those_of_their_zone(reviewer, clock, kind):
    days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    hours = {"days": days, "begin": "07:00", "end": "19:00", "time_zone": "Africa/Lagos"}
    reviewer.told["working_hours"] = hours  # an hour before UTC's, all year
    ((found, *_),) = reviewer.found(f"Accepted publickey for ana {FROM}", clock=clock)
    assert found == kind


def test_the_account_that_deploys_works_at_any_hour(reviewer):
    hours = {"days": [], "begin": "08:00", "end": "20:00", "time_zone": "Europe/Madrid"}
    reviewer.told["working_hours"] = hours
    ((found, *_),) = reviewer.found(f"Accepted publickey for deploy {FROM}")
    assert found == "login"


def test_a_clock_of_another_day_is_not_believed(reviewer):
    reviewer.write(1, f"Accepted publickey for ana {FROM}", sent="2020-01-01T00:00:00.000000Z")
    reviewer.begin(1)
    (found,) = reviewer.reviewed(1).found
    assert found.first == f"{day(1)}T10:00:00.000000Z"


def test_closed_and_open_files_of_a_day_count(reviewer):
    reviewer.write(1, "one", "two")
    path = reviewer.archive / "pbx1" / f"{day(1)}.jsonl"
    subprocess.run(["zstd", "-q", "--rm", path], check=True)
    reviewer.write(1, f"Accepted publickey for eve {FROM}")
    reviewer.begin(1)
    review = reviewer.reviewed(1)
    assert review.messages == {"pbx1": 3}
    assert [each.kind for each in review.found] == ["login-of-stranger"]


def test_a_host_that_said_nothing_all_day(reviewer):
    reviewer.told["hosts"] = ["agent1", "agent2", "new1", "pbx1"]
    reviewer.write(1, "hello")
    reviewer.begin(2)
    for name, first in (("agent1", day(3)), ("agent2", day(0))):  # its chain begins today
        (reviewer.archive / name).mkdir()
        (reviewer.archive / name / "chain.jsonl").write_text(json.dumps({"day": first}) + "\n")
    review = reviewer.reviewed(1)
    assert [(each.kind, each.about) for each in review.exceptions] == [
        ("silent-host", "agent1"),
        ("silent-host", "new1"),
    ]
    assert review.messages == {"agent1": 0, "agent2": 0, "new1": 0, "pbx1": 1}


def test_whoever_is_unknown_and_sends_something(reviewer):
    reviewer.write(1, "hello", "again", host="_unidentified")
    path = reviewer.archive / "_unidentified" / f"{day(1)}.jsonl"
    path.write_text(path.read_text().replace('"_unidentified"', '"203.0.113.5"'))
    reviewer.write(1, "hello")
    reviewer.begin(1)
    (found,) = reviewer.reviewed(1).exceptions
    assert (found.kind, found.scope, found.about) == ("unknown-sender", "external", "203.0.113.5")


def test_each_day_is_reviewed_once_and_told_once(reviewer):
    reviewer.write(2, "hello")
    reviewer.write(1, f"Accepted publickey for eve {FROM}")
    reviewer.begin(2)
    assert "2 days are not reviewed" in reviewer.run("check").stderr
    done = reviewer.run("review")
    assert done.stdout.splitlines() == [
        f"the logs of {day(2)}: 0 exceptions in 1 messages of 1 hosts",
        f"the logs of {day(1)}: 1 exception in 1 messages of 1 hosts: "
        "login-of-stranger on pbx1; `ringfence logs review` shows them",
    ]
    told = (reviewer.root / "told").read_text()
    assert told.count("tell ringfence-log-review.service") == 2
    assert reviewer.run("check").returncode == 0
    assert reviewer.run("review").stdout == ""
    assert (reviewer.root / "told").read_text() == told


def test_what_nobody_heard_is_told_again(reviewer):
    reviewer.write(1, "hello")
    reviewer.begin(1)
    (reviewer.root / "refuse").touch()
    assert reviewer.run("review").returncode == 1
    assert "nobody was told" in reviewer.run("check").stderr
    (reviewer.root / "refuse").unlink()
    assert reviewer.run("review").returncode == 0
    assert day(1) in (reviewer.root / "told").read_text()
    assert reviewer.run("check").returncode == 0


def test_reviewing_begins_on_the_day_of_the_first_run_or_before_it_in_the_first_hours(reviewer):
    reviewer.write(2, "hello")
    assert "no day was reviewed yet" in reviewer.run("check").stderr
    assert reviewer.run("review").returncode == 0
    open_day = (datetime.now(UTC) - timedelta(hours=4)).date()
    assert (reviewer.state / "since").read_text().strip() == str(open_day)
    assert reviewer.run("kept", day(40), day(2)).stdout == ""
    assert reviewer.run("check").returncode == 0


@pytest.mark.parametrize("since", [None, "", "x", day(0), day(-3)])
def test_when_reviewing_began_is_known_from_what_was_reviewed(reviewer, since):
    reviewer.write(3, "hello")
    reviewer.begin(3)
    reviewer.reviewed(3)
    kept = {path.name: path.read_bytes() for path in reviewer.state.glob("2*.json")}
    assert len(kept) == 3
    if since is None:
        (reviewer.state / "since").unlink()
    else:
        (reviewer.state / "since").write_text(since)
    assert f"that days are reviewed since {day(3)}" in reviewer.run("check").stderr
    assert reviewer.run("review").returncode == 0
    assert {path.name: path.read_bytes() for path in reviewer.state.glob("2*.json")} == kept
    assert reviewer.run("check").returncode == 0


def test_what_was_altered_is_reviewed_again(reviewer):
    reviewer.write(1, f"Accepted publickey for eve {FROM}")
    reviewer.begin(1)
    before = reviewer.reviewed(1)
    path = reviewer.state / f"{day(1)}.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "events": []}))
    assert "1 days are not reviewed" in reviewer.run("check").stderr
    assert reviewer.reviewed(1).exceptions == before.exceptions  # of the same ids
    assert f"the logs of {day(1)} was altered" in (reviewer.root / "told").read_text()


def test_the_newest_review_is_made_anew_when_a_host_came_to_the_site(reviewer):
    reviewer.begin(2)
    for ago in (2, 1):
        reviewer.write(ago, f"Accepted publickey for eve {FROM}")
    before = reviewer.reviewed(1)
    older = (reviewer.state / f"{day(2)}.json").read_bytes()
    told = (reviewer.root / "told").read_text()
    reviewer.told["hosts"].append("pbx2")
    assert "1 days are not reviewed" in reviewer.run("check").stderr
    now = reviewer.reviewed(1)
    assert now.messages == {**before.messages, "pbx2": 0}
    assert now.exceptions == before.exceptions
    assert (reviewer.state / f"{day(2)}.json").read_bytes() == older
    assert (reviewer.root / "told").read_text() == told  # nothing is new to people
    assert reviewer.run("check").returncode == 0


def test_a_review_of_a_day_that_nobody_reviewed_goes(reviewer):
    reviewer.begin(1)
    reviewer.write(1, "hello")
    reviewer.reviewed(1)
    (reviewer.state / f"{day(9)}.json").write_text("{}")
    assert "is no review of this host's" in reviewer.run("check").stderr
    assert reviewer.run("review").returncode == 0
    assert not (reviewer.state / f"{day(9)}.json").exists()
    assert reviewer.run("check").returncode == 0


def test_today_is_shown_and_not_kept(reviewer):
    reviewer.write(0, f"Accepted publickey for eve {FROM}")
    content = json.loads(reviewer.run("show", day(0)).stdout)
    assert [each["kind"] for each in content["events"]] == ["login-of-stranger"]
    assert list(reviewer.state.glob("2*.json")) == []


def test_a_damaged_file_is_told_and_stops_no_review(reviewer):
    reviewer.write(1, f"Accepted publickey for eve {FROM}")
    (reviewer.archive / "pbx1" / f"{day(1)}.jsonl.zst").write_bytes(b"no zstd")
    reviewer.begin(1)
    found = {(each.kind, each.about) for each in reviewer.reviewed(1).exceptions}
    assert found == {
        ("unreadable-file", f"{day(1)}.jsonl.zst"),
        ("login-of-stranger", "eve"),
    }


def test_a_disk_that_fails_is_told_and_stops_no_review(reviewer):
    # What /proc shows of a process's memory can't be read from its beginning: EIO.
    (reviewer.archive / "pbx1").mkdir()
    (reviewer.archive / "pbx1" / f"{day(1)}.jsonl").symlink_to("/proc/self/mem")
    reviewer.begin(1)
    (found,) = (each for each in reviewer.reviewed(1).exceptions if each.kind != "silent-host")
    assert (found.kind, found.message) == ("unreadable-file", "Input/output error")


def test_a_tool_that_is_missing_is_no_damaged_file(reviewer):
    reviewer.write(1, "hello")
    subprocess.run(["zstd", "-q", "--rm", reviewer.archive / f"pbx1/{day(1)}.jsonl"], check=True)
    reviewer.begin(1)
    done = reviewer.run("review", env={"PATH": "/nowhere"})
    assert done.returncode == 1
    assert "No such file or directory" in done.stderr
    assert list(reviewer.state.glob("2*.json")) == []


def test_lines_that_are_no_records_do_no_harm(reviewer):
    reviewer.write(1, "hello")
    with (reviewer.archive / "pbx1" / f"{day(1)}.jsonl").open("a") as file:
        file.write('{"received":"Accepted \nAccepted []\n["Accepted "]\n{"program":"Accepted "}\n')
    reviewer.begin(1)
    review = reviewer.reviewed(1)
    assert (review.messages, review.found) == ({"pbx1": 5}, [])


def test_what_a_sender_wrote_is_not_told_by_mail(reviewer):
    reviewer.write(1, f"Accepted publickey for http://evil.example/ {FROM}")
    reviewer.begin(1)
    reviewer.reviewed(1)
    assert "evil" not in (reviewer.root / "told").read_text()


def test_who_says_a_thing_in_thousands_of_ways_hides_nothing_else(reviewer):
    many = [
        f"Failed password for root from 10.{n >> 8}.{n & 255}.1 port 4 ssh2" for n in range(2010)
    ]
    reviewer.write(1, *many, f"Accepted publickey for eve {FROM}", many[0], host="agent1")
    reviewer.write(1, many[2005])
    reviewer.begin(1)
    review = reviewer.reviewed(1)
    too_many = [each for each in review.exceptions if each.kind == "too-many"]
    assert [(each.host, each.about, each.count) for each in too_many] == [
        ("agent1", "login-failed", 10)
    ]
    assert {each.about for each in review.found if each.host == "pbx1"} == {"10.7.213.1"}
    assert "login-of-stranger" in {each.kind for each in review.exceptions}
    counts = {each.about: each.count for each in review.found if each.host == "agent1"}
    assert counts["10.0.0.1"] == 2


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_a_configuration_that_is_not_whole_is_told(reviewer, text):
    reviewer.told = None
    path = reviewer.root / "log-review.json"
    path.write_text(text)
    done = reviewer.run("review", configure=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"review-logs: {path} ")
    assert done.stderr.endswith("an apply writes it anew\n")


@pytest.mark.parametrize(
    "words", [("show",), ("show", "x"), ("kept", "2026-01-01"), ("review", "2026-01-01"), ("x",)]
)
def test_words_that_mean_nothing_are_refused(reviewer, words):
    assert reviewer.run(*words).returncode == 2


def test_some_days_are_handed_over(reviewer):
    reviewer.begin(4)
    reviewer.write(1, "hello")
    reviewer.reviewed(1)
    lines = reviewer.run("kept", day(3), day(2)).stdout.splitlines()
    assert [json.loads(line)["day"] for line in lines] == [day(3), day(2)]
