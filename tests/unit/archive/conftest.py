"""Sound archives, written by other code than the collector's, for tests to alter."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta

import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.archive.keys import key_name

FIRST = date(2026, 3, 1)
PROMISED = 730  # days


class Writer:
    """Writes the folders of an archive, signed with a key of its own."""

    def __init__(self, root, key=None):
        self.root = root
        self.key = key or Ed25519PrivateKey.generate()
        self.lines = {}
        self.sequences = {}

    @property
    def keys(self):
        public = self.key.public_key()
        return {key_name(public): public}

    def sign(self, content):
        """Return the line of an entry whose content is given but for key and signature."""
        body = {**content, "key": key_name(self.key.public_key())}
        body.pop("signature", None)
        text = json.dumps(body, sort_keys=True, separators=(",", ":"))
        body["signature"] = self.key.sign(text.encode()).hex()
        return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()

    def entry(self, host, kind, day, **content):
        lines = self.lines.setdefault(host, [])
        moment = datetime.combine(day, datetime.min.time(), UTC)
        moment += timedelta(days=0 if kind == "begun" else 1, minutes=20)
        before = json.loads(lines[-1])["at"] if lines else ""
        line = self.sign(
            {
                "at": max(before, content.pop("at", f"{moment:%Y-%m-%dT%H:%M:%SZ}")),
                "host": host,
                "kind": kind,
                "day": str(day),
                "number": len(lines),
                "previous": hashlib.sha256(lines[-1]).hexdigest() if lines else None,
                **content,
            }
        )
        lines.append(line)
        self.save(host)

    def save(self, host):
        folder = self.root / host
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "chain.jsonl").write_bytes(b"".join(line + b"\n" for line in self.lines[host]))

    def record(self, host, day, **other):
        number = self.sequences[host] = self.sequences.get(host, 0) + 1
        moment = f"{day}T{number % 24:02}:00:00.000000Z"
        content = {
            "received": moment,
            "sent": moment,
            "host": host,
            "sequence": number,
            "facility": "auth",
            "severity": "info",
            "program": "sshd",
            "pid": "12",
            "message": f"session {hashlib.sha256(f'{host}{number}'.encode()).hexdigest()}",
            **other,
        }
        return json.dumps(content, separators=(",", ":")).encode() + b"\n"

    def close(self, host, day, content, part="", promised=None):
        data = zstandard.compress(content)
        name = f"{day}{part}.jsonl.zst"
        (self.root / host).mkdir(parents=True, exist_ok=True)
        (self.root / host / name).write_bytes(data)
        self.entry(
            host,
            "closed",
            day,
            file=name,
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            records=len(content.splitlines()),
            content_size=len(content),
            content_sha256=hashlib.sha256(content).hexdigest(),
            **({} if promised is None else {"retention_days": promised}),
        )

    def prune(self, host, number, at, retention_days=400):
        """Remove the file of an entry, at a moment or so many days after its own."""
        entry = json.loads(self.lines[host][number])
        if isinstance(at, int):
            at = f"{date.fromisoformat(entry['day']) + timedelta(days=at)}T00:20:00Z"
        (self.root / host / entry["file"]).unlink()
        self.entry(
            host,
            "pruned",
            date.fromisoformat(entry["day"]),
            at=at,
            prunes=number,
            file=entry["file"],
            sha256=entry["sha256"],
            retention_days=retention_days,
        )


def day(number):
    return FIRST + timedelta(days=number)


def sound_archive(root, hosts=("agent1", "pbx1"), days=4):
    """Write an archive with nothing wrong: days with and without records, late ones, one open.

    The first day was closed before promises were given.
    """
    writer = Writer(root)
    for host in hosts:
        writer.entry(host, "begun", FIRST)
        for number in range(days):
            if host == hosts[-1] and number == 2:
                writer.entry(host, "empty", day(number))
                continue
            content = b"".join(writer.record(host, day(number)) for _ in range(3))
            writer.close(host, day(number), content, promised=PROMISED if number else None)
        writer.close(host, day(1), writer.record(host, day(1)), ".1", PROMISED)
        (root / host / f"{day(days)}.jsonl").write_bytes(writer.record(host, day(days)))
    return writer


@pytest.fixture
def archive(tmp_path):
    """A sound archive's writer; it lies in ``tmp_path / "logs"``."""
    return sound_archive(tmp_path / "logs")
