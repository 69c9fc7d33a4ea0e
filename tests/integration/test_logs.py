"""Logs of real hosts at a real collector: none is lost on the way, and what is altered is named."""

import base64
import json
import struct
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from ringfence import lab as labs
from ringfence.lab.inbox import messages
from ringfence.lab.paths import LabPaths

from .arrivals import COLLECTOR, MESSAGES, all_arrive, received, say
from .crowd import WHO, at_home, certified, say_at_once

ANCHOR = "bastion1"
RECEIVER = "ringfence-log-receiver.service"
HOUR = 3600  # seconds
SENDERS = 50
EACH = 4000
"""Messages of each of many senders."""
CUT = """nft -f - <<'END'
table inet cut {
    chain output {
        type filter hook output priority -300
        tcp dport 2514 drop
    }
}
END"""
COVERED = """
set -e
mount -t tmpfs tmpfs /srv/logs/_unidentified
touch /srv/logs/_unidentified/kept
cgroup=/sys/fs/cgroup$(systemctl show -p ControlGroup --value {receiver})
sleep 1000 </srv/logs/_unidentified/kept >/dev/null 2>&1 &
echo $! >"$cgroup/cgroup.procs"
! umount /srv/logs/_unidentified 2>/dev/null
"""
DISGUISED = """
set -e
cp -p /etc/ringfence/log-receiver.conf /run/
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7 -subj /CN=other \\
    -keyout /run/shown.key -out /run/shown.pem 2>/dev/null
sed -i -E 's#(tls.myCert|tls.myPrivKey)="[^"]*/host\\.(pem|key)"#\\1="/run/shown.\\2"#g' \\
    /etc/ringfence/log-receiver.conf
systemctl restart {receiver}
"""
ITSELF = """
cp -p /run/log-receiver.conf /etc/ringfence/
systemctl restart {receiver}
"""
GIVEN_UP = "journalctl -q -u rsyslog -b --since @{since} | grep -q 'DISABLING action'"
ALARM = "journalctl --sync; journalctl -q -t ringfence-logging -p alert | grep '/{host}/.*space'"
WATCH = "systemctl start ringfence-alert-watch.service"
"""What a host has to tell soon after a message waits for this, which a timer starts."""
REFUSED = "ringfence-log-room.service failed"
"""What people hear when nothing is accepted."""
FULL = """
systemctl stop {receiver}
mount -t tmpfs -o size=64k,mode=0750 tmpfs /srv/logs/{host}
systemctl start {receiver}
"""
"""What the host said before is hidden; what it says meanwhile wants more."""
ROOM = """
mount -o remount,size=64m /srv/logs/{host}
sleep 3 # what comes now is kept there
systemctl stop {receiver}
cp /srv/logs/{host}/*.jsonl /run/
umount /srv/logs/{host}
for file in /run/*.jsonl; do cat "$file" >>/srv/logs/{host}/"${{file##*/}}" && rm "$file"; done
systemctl start {receiver}
"""
ROOM_AGAIN = "systemctl show --property=Result --value ringfence-log-room.service"
YESTERDAY = """
day=$(date -u -d yesterday +%F)
for host in agent1 collector1; do
    for second in 01 02 03; do
        time=${day}T12:00:$second.000000Z
        printf '{"received":"%s","sent":"%s","host":"%s","sequence":0,' "$time" "$time" $host
        printf '"facility":"user","severity":"info","program":"before","pid":"",'
        printf '"message":"%s"}\\n' $second
    done >>"/srv/logs/$host/$day.jsonl"
done
systemctl start ringfence-close-archive.service
"""

IMPATIENT = """
set -e
systemctl start ringfence-log-silence.service
systemctl is-active --quiet ringfence-log-silence.timer
python3 - <<'END'
import json
told = json.load(open("/etc/ringfence/log-silence.json"))
assert told["minutes"] == {"bastion1": 15, "collector1": 15}, told
told |= {"minutes": {"bastion1": 0.3}, "state": "/run/silence.json"}
json.dump(told, open("/run/impatient.json", "w"))
END
"""
"""The program as its timer runs it, and a configuration that waits for seconds alone; agents may
be silent."""
LOOK = """
/usr/local/lib/ringfence/log-silence /run/impatient.json
systemctl start ringfence-alert-watch.service
"""

KEPT = 730
"""Days for which the site keeps what agent1 says, which has data, and so a record of accesses."""
LONG_AGO = """
cd /srv/logs/agent1
for ago in {gone} {kept}; do
    day=$(date -u -d "$ago days ago" +%F) time=${{day}}T12:00:00.000000Z
    echo "$day"
    {{
        printf '{{"received":"%s","sent":"%s","host":"agent1","sequence":0,' "$time" "$time"
        printf '"facility":"user","severity":"info","program":"before",'
        echo '"pid":"","message":"old"}}'
    }} >"$day.jsonl"
done
systemctl start ringfence-close-archive.service
ls
"""

MONTHS_23 = 700
"""Days: the logs of a host that is classified high are kept for longer, others are not."""
AN_ACCESS = """\
type=SYSCALL msg=audit({event}): arch=c000003e syscall=257 success={success} exit={exit} \
a0=ffffff9c a1=7fffffffeebd a2=0 a3=0 items=1 ppid=829 pid=830 auid=1003 uid=1003 gid=1003 \
euid=1003 suid=1003 fsuid=1003 egid=1003 sgid=1003 fsgid=1003 tty=pts1 ses=8 comm="cat" \
exe="/usr/bin/cat" subj=unconfined key="{key}"\x1dARCH=x86_64 SYSCALL=openat AUID="carmen" \
UID="carmen" GID="carmen" EUID="carmen" SUID="carmen" FSUID="carmen" EGID="carmen" \
SGID="carmen" FSGID="carmen"
type=CWD msg=audit({event}): cwd="/srv/logs"
type=PATH msg=audit({event}): item=0 name="{name}" inode=14384 dev=fe:00 mode=0100640 ouid=0 \
ogid=991 rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0\x1d\
OUID="root" OGID="logs"
type=PROCTITLE msg=audit({event}): proctitle=636174
type=EOE msg=audit({event}):
"""
"""What auditd tells of somebody who opens a file; carmen looks after the logs."""
CLOSED = """
cd /srv/logs/{host}
for day in {days}; do
    sed -n "s/^$day //p" >"$day.jsonl" <<'END'
{lines}
END
done
systemctl start ringfence-close-archive.service
ls
"""
ROTATE = "journalctl --rotate"
END = "systemctl restart systemd-journald.service"
SEALED = """
journalctl --rotate
seq 100 | logger -t seals
journalctl --sync
{ended}
file=$(ls -t /var/log/journal/*/system@*.journal | head -n 1)
journalctl --file="$file" -q -o json -t seals | sed -n 50p
zstd -c "$file" | base64 -w 0
"""
"""One entry of a file that is over, and the file."""
CHECK = """
base64 -d <<'END' | zstd -qfdo /run/copy.journal
{copy}
END
journalctl --file=/run/copy.journal --verify --verify-key='{key}' 2>&1
echo "ended with $?"
rm /run/copy.journal
"""
"""journalctl takes a key as an argument alone. This one is the lab's, of no worth to anybody."""


def collector_away(lab, host, word):
    lab.run_on(COLLECTOR, f"systemctl stop {RECEIVER}")
    say(lab, host, word)
    lab.run_on(COLLECTOR, f"systemctl start {RECEIVER}")


def network_cut(lab, host, word):
    say(lab, host, word, last=MESSAGES // 2)
    lab.run_on(host, CUT)
    say(lab, host, word, first=MESSAGES // 2 + 1)
    time.sleep(5)  # rsyslog writes into a connection that is dead
    lab.run_on(host, "nft delete table inet cut")


def killed(lab, host, word, where, unit):
    """Say all in parts, and kill a service after each."""
    step = MESSAGES // 5
    for first in range(1, MESSAGES, step):
        say(lab, host, word, first, first + step - 1)
        lab.run_on(where, f"systemctl kill --signal=KILL {unit}")


def rsyslog_killed(lab, host, word):
    killed(lab, host, word, host, "rsyslog.service")


def sender_killed(lab, host, word):
    killed(lab, host, word, host, "ringfence-log-sender.service")


def receiver_killed(lab, host, word):
    killed(lab, host, word, COLLECTOR, RECEIVER)


def host_reset(lab, host, word):
    lab.run_on(COLLECTOR, f"systemctl stop {RECEIVER}")
    say(lab, host, word)
    labs.reboot(lab.path, [host], say=print)
    lab.run_on(COLLECTOR, f"systemctl start {RECEIVER}")


def collector_in_disguise(lab, host, word):
    """The collector shows a certificate that nobody believes: rsyslog gives it up for good."""
    since = lab.run_on(host, "date +%s").strip()
    lab.run_on(COLLECTOR, DISGUISED.format(receiver=RECEIVER))
    try:
        say(lab, host, word)
        for _ in range(60):
            if labs.run_on(lab.path, host, GIVEN_UP.format(since=since)).returncode == 0:
                break
            time.sleep(1)
        else:
            raise AssertionError("rsyslog did not give up")
    finally:
        lab.run_on(COLLECTOR, ITSELF.format(receiver=RECEIVER))
    for sender in ("bastion1", "agent1", COLLECTOR):  # as its timer does
        lab.run_on(sender, "systemctl start --no-block ringfence-heartbeat.service")


def archive_full(lab, host, word):
    """Say all while the host's part of the archive is full; make room when people were told."""
    inbox = LabPaths(lab.path).inbox
    before = len(list(messages(inbox)))
    lab.run_on(COLLECTOR, FULL.format(host=host, receiver=RECEIVER))
    say(lab, host, word)
    for _ in range(60):
        came = [one for one in list(messages(inbox))[before:] if REFUSED in one.text]
        if {one.by for one in came if f"Host {COLLECTOR} of" in one.text} == {"mail", "web"}:
            break
        lab.run_on(COLLECTOR, WATCH)
        time.sleep(5)
    else:
        raise AssertionError("nobody is told that the disk is full")
    assert labs.run_on(lab.path, COLLECTOR, ALARM.format(host=host)).returncode == 0
    assert received(lab, host, word) == []
    lab.run_on(COLLECTOR, ROOM.format(host=host, receiver=RECEIVER))
    for _ in range(60):
        if lab.run_on(COLLECTOR, ROOM_AGAIN) == "success\n":
            break
        time.sleep(1)
    else:
        raise AssertionError("the look for room does not see that there is room again")


@pytest.mark.parametrize("host", ["bastion1", "agent1"])  # Debian 13 and Debian 12
@pytest.mark.parametrize(
    "fault",
    [
        collector_away,
        network_cut,
        rsyslog_killed,
        sender_killed,
        receiver_killed,
        archive_full,
        collector_in_disguise,
        host_reset,
    ],
)
def test_no_message_is_lost(collected, host, fault: Callable[..., None]):
    word = fault.__name__.replace("_", "-")
    fault(collected, host, word)
    all_arrive(collected, host, word)


@pytest.mark.every_way
def test_no_message_of_an_hour_without_a_collector_is_lost(collected):
    """Meanwhile rsyslog and the sender are killed on one host, and the other is reset."""
    senders, rounds = ("bastion1", "agent1"), 40
    step = MESSAGES // rounds
    collected.run_on(COLLECTOR, f"systemctl stop {RECEIVER}")
    for first in range(1, MESSAGES, step):
        for host in senders:
            say(collected, host, "hour", first, first + step - 1)
        if first == MESSAGES // 4 + 1:
            for unit in ("rsyslog.service", "ringfence-log-sender.service"):
                collected.run_on("agent1", f"systemctl kill --signal=KILL {unit}")
        if first == MESSAGES // 2 + 1:
            labs.reboot(collected.path, ["bastion1"], say=print)
        time.sleep(HOUR / rounds)
    assert [received(collected, host, "hour") for host in senders] == [[], []]
    collected.run_on(COLLECTOR, f"systemctl start {RECEIVER}")
    for host in senders:
        all_arrive(collected, host, "hour")


def test_after_all_that_no_number_is_missing(collected):
    code, verdicts = collected.verify()
    assert (code, verdicts) == (0, collected.of_a_hardened_host(verdicts))
    planned = collected.ringfence("plan", str(collected.path))
    assert planned.returncode == 0, planned.stdout


def test_an_apply_that_restarts_rsyslog_ends_with_its_connection_there(collected):
    site, senders = str(collected.path), ("bastion1", "agent1")
    for host in senders:
        collected.run_on(host, "echo '# changed' >>/etc/rsyslog.conf")
    chosen = ("--limit", ",".join(senders), "--role", "logging", "--no-verify")
    applied = collected.ringfence("apply", site, *chosen)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    for unit in ("rsyslog.service", "ringfence-log-sender.service"):
        assert applied.stdout.count(f"restarted: {unit}") == len(senders), applied.stdout
    for host in senders:
        assert collected.run_on(host, "ss -Htn state established dport = :2514") != ""
    assert collected.ringfence("plan", site, *chosen[:-1]).returncode == 0


def test_people_hear_of_a_host_that_falls_silent_and_that_it_is_back(collected):
    def look():
        return collected.run_on(COLLECTOR, LOOK)

    def told(word):
        """Wait for a message; what comes within a minute of another one waits."""
        for _ in range(30):
            if any(word in one.text for one in messages(LabPaths(collected.path).inbox)):
                return
            time.sleep(5)
            look()
        raise AssertionError(f"nobody is told: {word}")

    collected.run_on(COLLECTOR, IMPATIENT)
    say(collected, "bastion1", "here", last=1)
    assert look() == ""
    collected.run_on("bastion1", "systemctl stop ringfence-log-sender.service")
    try:
        time.sleep(20)
        assert look().startswith("bastion1 sends no logs since ")
        told("bastion1 sends no logs since ")
    finally:
        collected.run_on("bastion1", "systemctl start ringfence-log-sender.service")
    say(collected, "bastion1", "again")
    all_arrive(collected, "bastion1", "again")
    said = look()
    assert said in ("", "bastion1 sends logs again\n"), said
    told("bastion1 sends logs again")


def test_a_mount_over_the_archive_goes_though_the_receiver_has_it_open(collected):
    collected.run_on(COLLECTOR, COVERED.format(receiver=RECEIVER))
    applied = collected.ringfence(
        *("apply", str(collected.path), "--limit", COLLECTOR, "--role", "logging")
    )
    assert applied.returncode == 0, applied.stdout + applied.stderr
    left = collected.run_on(
        COLLECTOR, f"grep /srv/logs/ /proc/mounts; systemctl is-active {RECEIVER}"
    )
    assert left == "active\n"


def filtered(words, content):
    """What a command makes of some bytes."""
    return subprocess.run(words, input=content, capture_output=True, check=True).stdout


def checked(lab, journal, key):
    """What journalctl says of a host's journal elsewhere: on Debian 13, for 12 can't read 13's."""
    copy = base64.encodebytes(filtered(["zstd"], journal)).decode()
    return lab.run_on(COLLECTOR, CHECK.format(copy=copy, key=key))


def key_of_the_seals(lab, host):
    """Open a kept key as its owners do."""
    kept, identity = lab.path / f"sealing/{host}.age", lab.path / ".lab/id_ed25519"
    return filtered(["age", "-d", "-i", identity, kept], b"").decode().strip()


@pytest.mark.parametrize(
    ("host", "other", "ended"),
    [
        ("bastion1", "agent1", ROTATE),
        # Debian 12 seals at an orderly end and every 15 minutes, and not as it rotates.
        ("agent1", "bastion1", f"{END}\n{ROTATE}"),
    ],
)
def test_the_kept_key_tells_a_journal_that_was_altered(collected, host, other, ended):
    entry, packed = collected.run_on(host, SEALED.format(ended=ended)).splitlines()
    journal = filtered(["zstd", "-d"], base64.b64decode(packed))
    key = key_of_the_seals(collected, host)
    read = checked(collected, journal, key)
    assert ("PASS: " in read, read.splitlines()[-1]) == (True, "ended with 0"), read
    # One entry, a microsecond earlier: all but the seals agrees with it.
    moment = int(json.loads(entry)["__REALTIME_TIMESTAMP"])
    now, then = struct.pack("<Q", moment), struct.pack("<Q", moment - 1)
    assert journal.count(now) == 1
    for file, with_key in [
        (journal.replace(now, then), key),
        (journal, key_of_the_seals(collected, other)),
    ]:
        read = checked(collected, file, with_key)
        told = ("Tag failed verification" in read, read.splitlines()[-1])
        assert told == (True, "ended with 1"), read


@pytest.fixture(scope="module")
def archived(collected):
    """The same with a closed day, the collector's key in the site, and anchored heads."""
    collected.run_on(COLLECTOR, YESTERDAY)
    for command in ("trust", "anchor"):
        ended = collected.ringfence("logs", command, str(collected.path))
        assert ended.returncode == 0, ended.stderr
    return collected


@pytest.mark.parametrize(
    ("word", "done"),
    [
        ("altered", "printf XXXX | dd of={} bs=1 seek=20 conv=notrunc"),
        ("truncated", "truncate --size=-4 {}"),
        ("removed", "rm {}"),
    ],
)
def test_what_root_does_to_the_archive_is_named(archived, word, done):
    site = str(archived.path)
    clean = archived.ringfence("logs", "verify", site)
    assert clean.returncode == 0, clean.stdout + clean.stderr
    file = archived.run_on(COLLECTOR, "ls /srv/logs/agent1/*.zst").split()[-1]
    archived.run_on(COLLECTOR, f"cp -p {file} /run/kept; chattr -i {file}; {done.format(file)}")
    try:
        read = archived.ringfence("logs", "verify", site)
        assert (read.returncode, word in read.stdout) == (1, True), read.stdout
    finally:
        archived.run_on(COLLECTOR, f"cp -p /run/kept {file}; chattr +i {file}")
    assert archived.ringfence("logs", "verify", site).returncode == 0


def test_a_run_keeps_the_heads_that_it_saw_and_the_anchor_need_not(archived):
    site = str(archived.path)
    code, verdicts = archived.verify("--limit", COLLECTOR, "--control", "LOG-07")
    assert (code, verdicts) == (0, {(COLLECTOR, "LOG-07"): "pass"})
    run = archived.latest_run().name
    chain, anchors = "/srv/logs/agent1/chain.jsonl", "/var/lib/ringfence/anchors"
    archived.run_on(COLLECTOR, f"cp -p {chain} /run/kept; chattr -a {chain}; sed -i '$d' {chain}")
    archived.run_on(ANCHOR, f"mount -t tmpfs tmpfs {anchors}")
    try:
        read = archived.ringfence("logs", "verify", site)
        assert read.returncode == 1
        assert f"which the run {run} saw, is not there" in read.stdout
    finally:
        archived.run_on(COLLECTOR, f"cp -p /run/kept {chain}; chattr +a {chain}")
        archived.run_on(ANCHOR, f"umount {anchors}")
    read = archived.ringfence("logs", "verify", site)
    assert (read.returncode, "heads compared that verifications saw" in read.stdout) == (0, True)


def test_a_file_goes_once_the_site_need_not_keep_it_and_not_a_day_before(archived):
    listed = archived.run_on(COLLECTOR, LONG_AGO.format(gone=KEPT + 1, kept=KEPT))
    gone, kept, *names = listed.split()
    assert f"{kept}.0.jsonl.zst" in names, listed
    assert not [name for name in names if name.startswith(gone)], listed
    pruned = archived.run_on(COLLECTOR, "grep -F '\"pruned\"' /srv/logs/agent1/chain.jsonl")
    assert f'"file":"{gone}.0.jsonl.zst"' in pruned
    read = archived.ringfence("logs", "verify", str(archived.path))
    assert read.returncode == 0, read.stdout + read.stderr
    code, verdicts = archived.verify("--limit", COLLECTOR, "--control", "LOG-07")
    assert (code, verdicts) == (0, {(COLLECTOR, "LOG-07"): "pass"})


def test_an_access_of_23_months_ago_is_told(archived):
    """The collector is classified high, and its archive is data of its own."""
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    then = noon - timedelta(days=MONTHS_23)
    lines = [
        *recorded(then - timedelta(days=1), 4709, name="agent1/before"),
        *recorded(then, 4711, name="agent1/then"),
        *recorded(then, 4712, name="agent1/then", success="no", exit=-13),
        *recorded(then, 4713, name="/etc/fstab", key="configuration"),
        *recorded(then + timedelta(days=1), 4715, name="agent1/after"),
    ]
    days = [f"{then + timedelta(days=more):%F}" for more in (-1, 0, 1)]
    script = CLOSED.format(host=COLLECTOR, days=" ".join(days), lines="\n".join(lines))
    closed = archived.run_on(COLLECTOR, script).split()
    assert {f"{day}.0.jsonl.zst" for day in days} <= set(closed), closed
    assert not {f"{day}.jsonl" for day in days} & set(closed)

    asked = ("--limit", COLLECTOR, "--since", days[1], "--until", days[1], "--format", "jsonl")
    told = archived.ringfence("access-record", str(archived.path), *asked)
    assert (told.returncode, "not whole" in told.stderr) == (0, False), told.stderr
    rows = map(json.loads, told.stdout.splitlines())
    said = [
        tuple(row[key] for key in ("time", "host", "person", "access", "path", "result"))
        for row in rows
    ]
    read = (f"{days[1]}T12:00:00.000Z", COLLECTOR, "carmen", "read", "/srv/logs/agent1/then")
    assert said == [(*read, "allowed"), (*read, "denied")]
    code, verdicts = archived.verify("--limit", COLLECTOR, "--control", "ACR-04,LOG-07")
    assert (code, set(verdicts.values())) == (0, {"pass"}), verdicts


def recorded(at, serial, name, key="access-record", success="yes", exit=3):
    """Return the lines of the archive, each after its day, that tell of one access."""
    event = f"{at.timestamp():.3f}:{serial}"
    told = AN_ACCESS.format(event=event, name=name, key=key, success=success, exit=exit)
    time = f"{at:%FT%T.%fZ}"
    about = {"received": time, "sent": time, "host": COLLECTOR, "sequence": 0}
    about |= {"facility": "local6", "severity": "info", "program": "audisp-syslog", "pid": "411"}
    return [
        f"{at:%F} {json.dumps(about | {'message': text}, separators=(',', ':'))}"
        for text in told.split("\n")[:-1]
    ]


@pytest.fixture
def crowded(collected, tmp_path):
    """The collector of a site with fifty hosts more, which are this computer's addresses."""
    site = collected.copied(tmp_path / "crowded")
    declared = yaml.safe_load((site.path / "hosts.yml").read_text())
    agent = {"groups": ["agents"], "classification": "basic", "owner": "ana"}
    crowd = {f"load{number}": f"10.77.0.{100 + number}" for number in range(1, SENDERS + 1)}
    declared["hosts"] |= {name: agent | {"address": address} for name, address in crowd.items()}
    (site.path / "hosts.yml").write_text(json.dumps(declared))
    chosen = ("--limit", COLLECTOR, "--no-verify")
    applied = site.ringfence("apply", str(site.path), *chosen)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    yield site, crowd
    again = collected.ringfence("apply", str(collected.path), *chosen)
    assert again.returncode == 0, again.stdout + again.stderr


def test_what_fifty_senders_say_at_once_is_there_once(lab, crowded, tmp_path):
    site, crowd = crowded
    credentials = certified(site.path, "load1", tmp_path)
    with at_home(lab.path, crowd.values()) as enter:
        said = say_at_once(enter, "10.77.0.15", credentials, EACH, crowd.values())
    print(f"{said.entries / said.seconds:.0f} entries a second")
    assert said.entries == len(crowd) * EACH
    for name in crowd:
        numbers = [number for number, _ in received(site, name, WHO)]
        assert sorted(numbers) == list(range(1, EACH + 1)), name


@pytest.mark.every_way
def test_each_control_of_the_logs_is_seen_red(collected, of_logs):
    # A sender that gave up a collector, whose certificate was broken, is back with a heartbeat.
    policy = collected.path / "policy.yml"
    before = policy.read_text()
    assert "\nlogging:\n" in before
    often = "\nlogging:\n  heartbeat_minutes: 1\n"
    policy.write_text(before.replace("\nlogging:\n", often))
    applied = collected.ringfence("apply", str(collected.path), "--role", "logging", "--no-verify")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    # One host after another: senders of a collector that is broken are red themselves.
    proven = collected.ringfence(
        *(
            "prove",
            str(collected.path),
            "--control",
            ",".join(of_logs),
            "--together",
            "--parallel",
            "1",
        )
    )
    lines = [line for line in proven.stderr.splitlines() if line.startswith("NOT PROVEN")]
    assert proven.returncode == 0, "\n".join([proven.stdout, *lines])
