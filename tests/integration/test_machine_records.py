"""What machines record, told by their collector: each access to personal data, and what was said
before the power failed."""

import json
import re
import shlex
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from ringfence import lab as labs

from .arrivals import COLLECTOR, MESSAGES, all_arrive, received, say

pytestmark = pytest.mark.machine
DATA = {"recordings1": "/srv/recordings", "pbx1": "/srv/handover"}
"""Where the machines, of Debian 13 and 12, have personal data."""
ARRIVES = 300  # seconds; emulated machines are slow
ON_DISK = 10  # seconds; after five journald writes what it was told
IMMUTABLE = """
open my $file, "<", $ARGV[0] or die;
ioctl $file, 0x40086602, my $flags = pack "l", 0x10 or die; # FS_IOC_SETFLAGS: FS_IMMUTABLE_FL
"""
"""Not by chattr(1): Debian 13 has it when somebody installs it."""
MADE = """
set -eu
umask 077
mkdir {folder} {folder}/shut
chmod 755 {folder}
for name in read written moved gone sealed shut/inner; do echo sound >{folder}/$name; done
perl -e '{immutable}' {folder}/sealed
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
LOST = """
auditd=$(pidof auditd)
trap 'kill -CONT "$auditd"' EXIT
kill -STOP "$auditd"
(sleep 100; kill -CONT "$auditd") &
timeout 90 perl -e 'for (1 .. 10000) {{ open my $file, "<", "{folder}/read" }}' || true
"""
"""Nobody takes what the kernel records, until it has more than it keeps (`-b`)."""
REFUSED = (
    *("systemctl stop auditd.service", "systemctl restart auditd.service"),
    *("auditctl -D", "auditctl -e 0"),
)
ENDED = """
set -eu
for signal in {signals}; do
    before=$(pidof auditd)
    kill -s "$signal" "$before"
    for attempt in $(seq 150); do
        now=$(pidof auditd) || now=$before
        taken=$(auditctl -s | sed -n 's/^pid //p')
        [ "$now" = "$before" ] || [ "$taken" != "$now" ] || continue 2
        sleep 1
    done
    exit 1
done
date -s "@$(date +%s)" >/dev/null
"""
"""By a person with root's rights. The clock goes back by what is over its second."""
SIGNALS = (*["TERM"] * 6, "KILL")
"""So quickly one after another that systemd would start a service no more that it counts."""
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
    since = recording.run_on(host, MADE.format(folder=folder, immutable=IMMUTABLE)).strip()
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


def read(lab, host, folder, since):
    """Ask the collector's archive who was in a folder: a row a line."""
    asked = ("--limit", host, "--path", folder, "--since", since, "--format", "jsonl")
    return lab.ringfence("access-record", str(lab.path), *asked)


def told(lab, host, folder, since, least):
    """Return what the archive says, once it has that many rows, and what the host said later."""
    until = time.monotonic() + ARRIVES
    while len(read(lab, host, folder, since).stdout.splitlines()) < least:
        if time.monotonic() > until:
            break
        time.sleep(2)
    say(lab, host, "later", last=1)  # a row too many came before that
    until = time.monotonic() + ARRIVES
    while not received(lab, host, "later"):
        assert time.monotonic() < until, "what was said later does not arrive"
        time.sleep(2)
    ended = read(lab, host, folder, since)
    assert ended.returncode == 0, ended.stderr
    found = [json.loads(line) for line in ended.stdout.splitlines()]
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


@pytest.mark.parametrize("host", DATA)
def test_the_months_review_counts_who_looked_and_who_was_denied(recording, host):
    month = f"{datetime.now(UTC):%Y-%m}"
    asked = ("review", str(recording.path), "--limit", host, "--month", month)
    ended = recording.ringfence(*asked)
    assert ended.returncode == 0, ended.stderr
    denied = dict(re.findall(r"Why was (\w+) denied (\w+) times?:", ended.stdout))
    assert int(denied["deploy"]) >= len(ROWS_OF_DENIED) + 1, ended.stdout
    assert "root" in denied, ended.stdout
    assert f"{DATA[host]}/exactly" in ended.stdout


@pytest.mark.parametrize("host", DATA)
def test_nobody_ends_the_audit_or_changes_its_rules(recording, host):
    tried = "\n".join(f"! {attempt} >/dev/null 2>&1 || echo {attempt}" for attempt in REFUSED)
    rules = recording.run_on(host, "auditctl -l")
    assert recording.run_on(host, tried) == ""
    recording.run_on(host, "systemctl is-active auditd.service")
    assert recording.run_on(host, "auditctl -l") == rules


def test_a_killed_auditd_and_a_set_clock_are_exceptions_of_the_days_review(recording):
    since = datetime.now(UTC)
    before = counted(recording, since)  # an apply may end auditd, too
    ended = ENDED.format(signals=" ".join(SIGNALS))
    with ThreadPoolExecutor() as pool:
        list(pool.map(recording.run_on, DATA, [ended] * len(DATA)))
    noticed(
        recording,
        {
            **{(host, "audit-lost", r"deploy|auditd\.service"): len(SIGNALS) for host in DATA},
            **{(host, "audit-lost", r"auditd\.service"): 1 for host in DATA},
            **{(host, "clock-set", "deploy"): 1 for host in DATA},
        },
        since,
        before,
    )


def test_audit_records_that_are_lost_are_an_exception_of_the_days_review(recording):
    since = datetime.now(UTC)
    before = counted(recording, since)
    lose = {host: LOST.format(folder=f"{DATA[host]}/exactly") for host in DATA}
    with ThreadPoolExecutor() as pool:
        list(pool.map(recording.run_on, lose, lose.values()))
    for host in DATA:
        assert int(recording.run_on(host, "auditctl -s | sed -n 's/^lost //p'")) > 0
        recording.run_on(host, "systemctl start ringfence-heartbeat.service")  # or wait for it
    # By heartbeats; the kernel may say nothing.
    noticed(recording, {(host, "audit-lost", "lost"): 1 for host in DATA}, since, before)


def counted(lab, since):
    """Return how often the days' reviews have what: by host, kind and whom it is about."""
    found = Counter()
    for day in {f"{since:%F}", f"{datetime.now(UTC):%F}"}:
        ended = lab.ringfence("logs", "review", str(lab.path), "--day", day, "--json")
        assert ended.returncode in (0, 1), ended.stderr
        for one in json.loads(ended.stdout)["found"]:
            found[one["host"], one["kind"], one["about"]] += one["count"]
    return found


def noticed(lab, expected, since, before):
    """Wait until the days' reviews tell these so often more than before: host, kind, and whom each
    is about, as a regular expression."""
    until = time.monotonic() + ARRIVES
    while True:
        new = counted(lab, since) - before
        seen = {
            (host, kind, about): sum(
                times
                for (where, what, whom), times in new.items()
                if (where, what) == (host, kind) and re.fullmatch(about, whom)
            )
            for host, kind, about in expected
        }
        if all(seen[one] >= least for one, least in expected.items()) or time.monotonic() > until:
            break
        time.sleep(2)
    assert all(seen[one] >= least for one, least in expected.items()), seen


def test_what_was_said_before_the_power_failed_arrives_once(recording):
    """Half was not sent yet. What is lost of that: docs/decisions/rsyslog-relp.md."""
    receiver = "ringfence-log-receiver.service"
    for host in DATA:
        say(recording, host, "before", last=MESSAGES // 2)
    recording.run_on(COLLECTOR, f"systemctl stop {receiver}")
    for host in DATA:
        say(recording, host, "before", first=MESSAGES // 2 + 1)
    time.sleep(ON_DISK)
    labs.reboot(recording.path, list(DATA), say=print, power_cut=True)
    recording.run_on(COLLECTOR, f"systemctl start {receiver}")
    for host in DATA:
        all_arrive(recording, host, "before")
        say(recording, host, "after")
        all_arrive(recording, host, "after")
    controls = ("--limit", ",".join(DATA), "--control", "LOG-04,LOG-05,LOG-06")
    code, verdicts = recording.verify(*controls)
    assert (code, set(verdicts.values())) == (0, {"pass"}), verdicts
