"""An archive of one busy host: made-up audit records as auditd and the collector write them."""

import json
import random
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

PEOPLE = ("ana", "bruno", "carmen", "diego", "elena", "fatima", "gonzalo", "helena")
CALLS = (
    # syscall, a0, a1, a2, success, exit, key, weight
    (257, "ffffff9c", "7ffd0", "0", "yes", 3, "access-record", 80),
    (257, "ffffff9c", "7ffd0", "241", "yes", 3, "access-record", 6),
    (257, "ffffff9c", "7ffd0", "0", "no", -13, "access-denied", 1),
    (263, "ffffff9c", "7ffd0", "0", "yes", 0, "access-record", 3),
    (268, "ffffff9c", "7ffd0", "1a0", "yes", 0, "access-record", 2),
)
OTHER = (
    '{{"received":"{at}","sent":"{at}","host":"{host}","sequence":{n},"facility":"daemon",'
    '"severity":"info","program":"systemd","pid":"1","message":"Started session {n} of {who}."}}\n'
)


def generate(folder: Path, host: str, first: date, days: int, records: int) -> int:
    """Write the files of some days, closed; return how many audit records they hold.

    Args:
        folder: the archive.
        host: whose it is.
        first: the first day.
        days: how many.
        records: how many audit records there are to be, at least.
    """
    where = folder / host
    where.mkdir(parents=True)
    chance, sequence, serial, written = random.Random(7), 0, 0, 0
    for number in range(days):
        day = first + timedelta(days=number)
        share = records * (number + 1) // days - written
        events = -(-share // 5)
        begin = int(datetime.combine(day, datetime.min.time(), UTC).timestamp() * 1000)
        command = ["zstd", "-q", "-3", "-o", str(where / f"{day}.jsonl.zst")]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            for step in range(events):
                serial += 1
                at = begin + 86_399_000 * step // events
                lines = "".join(_lines(chance, host, at, serial, sequence + 1))
                sequence += lines.count("\n")
                process.stdin.write(lines.encode())
        written += events * 5
    return written


def _lines(chance: random.Random, host: str, at: int, serial: int, sequence: int) -> Iterator[str]:
    number, a0, a1, a2, success, code, key, _ = chance.choices(CALLS, [call[-1] for call in CALLS])[
        0
    ]
    who = chance.choice(PEOPLE)
    uid, pid = 1200 + PEOPLE.index(who), chance.randrange(1000, 60000)
    day = datetime.fromtimestamp(at / 1000, UTC)
    stamp = f"{day:%Y-%m-%dT%H:%M:%S}.{at % 1000:03}"
    file = f"/srv/recordings/{day:%Y/%m/%d}/call-{chance.randrange(4000):05}.wav"
    ids = (
        f"auid={uid} uid={uid} gid=1200 euid={uid} suid={uid} fsuid={uid} egid=1200 sgid=1200 "
        f"fsgid=1200"
    )
    names = f'UID="{who}" GID="agents" EUID="{who}" SUID="{who}" FSUID="{who}" EGID="agents" '
    names += 'SGID="agents" FSGID="agents"'
    kind = "DELETE" if number == 263 else "NORMAL"
    parents = 1 if number == 263 else 0
    record = f"msg=audit({at // 1000}.{at % 1000:03}:{serial}):"
    owner = "ouid=0 ogid=1300 rdev=00:00"
    caps = 'cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0 OUID="root" OGID="recordings"'
    messages = [
        f"type=SYSCALL {record} arch=c000003e syscall={number} success={success} exit={code} "
        f"a0={a0} a1={a1} a2={a2} a3=0 items={parents + 1} ppid={pid - 7} pid={pid} {ids} "
        f'tty=pts{serial % 9} ses={serial % 4000} comm="cat" exe="/usr/bin/cat" subj=unconfined '
        f'key="{key}" ARCH=x86_64 SYSCALL=openat AUID="{who}" {names}',
        f'type=CWD {record} cwd="/home/{who}"',
        f'type=PATH {record} item={parents} name="{file}" inode={chance.randrange(10**6)} '
        f"dev=fd:01 mode=0100640 {owner} nametype={kind} {caps}",
        f"type=PROCTITLE {record} proctitle=636174002F7372762F7265636F7264696E6773",
        f"type=EOE {record} ",
    ]
    if parents:
        messages[2:2] = [
            f'type=PATH {record} item=0 name="{file.rpartition("/")[0]}/" inode=77 dev=fd:01 '
            f"mode=042750 {owner} nametype=PARENT {caps}"
        ]
    for offset, message in enumerate(messages):
        yield (
            f'{{"received":"{stamp}412Z","sent":"{stamp}107Z","host":"{host}",'
            f'"sequence":{sequence + offset},"facility":"local6","severity":"info",'
            f'"program":"audisp-syslog","pid":"411","message":{json.dumps(message)}}}\n'
        )
    if serial % 5 == 0:
        yield OTHER.format(at=f"{stamp}412Z", host=host, n=sequence + len(messages), who=who)
