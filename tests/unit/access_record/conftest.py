"""Audit records and archives for tests, and readers of them."""

import json
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from ringfence.access_record import Answer, Question
from ringfence.archive.sources import Folder

CALL = (
    "arch={arch} syscall={number} success={success} exit={exit} a0={a0} a1={a1} a2={a2} a3=0 "
    "items={items} ppid=811 pid={pid} auid={auid} uid={uid} gid=1201 euid={uid} suid={uid} "
    "fsuid={uid} egid=1201 sgid=1201 fsgid=1201 tty=pts0 ses={session} comm={comm} exe={exe} "
    'subj=unconfined key="{key}"'
)
NAMES = {0: "root", 1201: "ana", 1202: "bruno", 4294967295: "unset"}
DEFAULTS = {
    "arch": "c000003e", "number": 257, "success": "yes", "exit": 3, "a0": "ffffff9c",
    "a1": "7ffd5a3b", "a2": "0", "pid": 2001, "auid": 1201, "uid": 1201, "session": 7,
    "comm": '"cat"', "exe": '"/usr/bin/cat"', "key": "access-record",
}  # fmt: skip


def written(name):
    """A name as the kernel writes it (audit_log_untrustedstring of linux/audit.h)."""
    raw = name.encode("utf-8", "surrogateescape")
    if any(byte < 0x21 or byte > 0x7E or byte == 0x22 for byte in raw):
        return raw.hex().upper()
    return f'"{name}"'


def an_item(name, kind="NORMAL", mode="0100640", inode=393):
    """One PATH record's object."""
    return (name, kind, mode, inode)


def records_of(at, serial, *paths, cwd="/home/ana", enriched=True, how=None, **call):
    """The records of one event; each path is a name or an item."""
    head = f"msg=audit({at.timestamp():.3f}:{serial}):"
    values = DEFAULTS | {"items": len(paths)} | call
    text = f"type=SYSCALL {head} {CALL.format(**values)}"
    if enriched:
        who, acting = (NAMES.get(values[key], f"unknown({values[key]})") for key in ("auid", "uid"))
        text += f' ARCH=x86_64 SYSCALL=openat AUID="{who}" UID="{acting}" EUID="{acting}"'
    records = [text]
    if how:
        records.append(f"type=OPENAT2 {head} oflag={how} mode=0 resolve=0")
    if cwd:
        records.append(f"type=CWD {head} cwd={written(cwd)}")
    for item, path in enumerate(paths):
        name, kind, mode, inode = path if isinstance(path, tuple) else an_item(path)
        shown = "(null)" if name is None else written(name)
        records.append(
            f"type=PATH {head} item={item} name={shown} inode={inode} dev=fd:01 mode={mode} "
            f"ouid=0 ogid=1300 rdev=00:00 nametype={kind} cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 "
            f'cap_frootid=0 OUID="root" OGID="recordings"'
        )
    return [*records, f"type=PROCTITLE {head} proctitle=636174", f"type=EOE {head} "]


def stamp(at):
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"


class Collected:
    """An archive that is written as the collector does it."""

    def __init__(self, folder):
        self.folder = folder
        self.sequences = {}

    def write(self, records, received, host="recordings1", program="audisp-syslog", numbers=None):
        """Append messages to the file of the day on which they were received."""
        for text in records:
            number = self.sequences[host] = self.sequences.get(host, 0) + 1
            content = {
                "received": stamp(received),
                "sent": stamp(received - timedelta(milliseconds=40)),
                "host": host,
                "sequence": number if numbers is None else next(numbers),
                "facility": "local6",
                "severity": "info",
                "program": program,
                "pid": "411",
                "message": text,
            }
            path = self.folder / host / f"{received:%Y-%m-%d}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a") as stream:
                stream.write(json.dumps(content, separators=(",", ":")) + "\n")

    def close(self, host, day, name=None):
        """Compress a day by zstd(1), as the collector does when it has ended."""
        path = self.folder / host / f"{day:%Y-%m-%d}.jsonl"
        closed = path.with_name(name or f"{path.name}.zst")
        subprocess.run(["zstd", "-q", "--rm", str(path), "-o", str(closed)], check=True)
        return closed

    def ask(self, hosts=None, **question):
        """Return the accesses and the doubts."""
        answer = Answer(Folder(self.folder), Question(**question), hosts)
        return list(answer), answer.doubts


@pytest.fixture(scope="session")
def event():
    """`records_of`."""
    return records_of


@pytest.fixture(scope="session")
def item():
    """`an_item`."""
    return an_item


@pytest.fixture(scope="session")
def collected():
    """`Collected`."""
    return Collected


@pytest.fixture
def archive(tmp_path):
    return Collected(tmp_path / "logs")


@pytest.fixture(scope="session")
def noon():
    """The middle of a day of some weeks ago, by UTC."""
    today = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    return today - timedelta(days=40)
