"""The collector's job as its host runs it: the rendered script, real attributes, real openssl."""

import contextlib
import fcntl
import json
import os
import struct
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ringfence.rendering import render
from ringfence.site import find_house
from roles.log_collector import archive

TEMPLATES = find_house(Path(archive.__file__)).templates_dir("log_collector")
GET_FLAGS, SET_FLAGS = 0x80086601, 0x40086602


def flags(path, wanted=None):
    """Return the attributes of a file as `lsattr` letters among `a` and `i`; set them if given."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        (value,) = struct.unpack("l", fcntl.ioctl(handle, GET_FLAGS, struct.pack("l", 0)))
        if wanted is not None:
            fcntl.ioctl(handle, SET_FLAGS, struct.pack("l", value & ~0x30 | wanted))
        return ("i" if value & 0x10 else "") + ("a" if value & 0x20 else "")
    finally:
        os.close(handle)


def free(folder):
    """Take the attributes off everything below a folder."""
    for root, _, names in os.walk(folder):
        for name in names:
            flags(f"{root}/{name}", 0)


def day(ago):
    """Return the UTC day so many days ago, as the archive names it."""
    return str((datetime.now(UTC) - timedelta(days=ago)).date())


def record(host, ago, sequence):
    moment = f"{day(ago)}T10:00:00.{sequence:06}Z"
    content = {
        "received": moment,
        "sent": moment,
        "host": host,
        "sequence": sequence,
        "facility": "auth",
        "severity": "info",
        "program": "sshd",
        "pid": "7",
        "message": f"message {sequence}",
    }
    return json.dumps(content, separators=(",", ":")) + "\n"


class Collector:
    """A collector's archive in a folder, and the job that looks after it."""

    def __init__(self, root):
        self.root = root
        self.archive = root / "logs"
        self.archive.mkdir()
        (root / "state").mkdir()
        self.script = root / "close-archive"
        self.script.write_text(render(TEMPLATES, "close-archive"))
        (root / "archive").mkdir()
        for name in archive.MODULES:
            (root / "archive" / f"{name}.py").write_text(render(TEMPLATES, f"close_{name}.py"))
        self.configure()
        self.sequence = 0

    def configure(self, others=400, **hosts):
        content = {
            "archive": str(self.archive),
            "state": str(self.root / "state"),
            "private_key": str(self.root / "state/signing.key"),
            "public_key": str(self.root / "archive.pem"),
            "retention_days": {"others": others, "hosts": hosts},
        }
        (self.root / "archive.json").write_text(json.dumps(content))

    def write(self, host, ago, records=3):
        """Add records to a day's open file, as the receiver does."""
        folder = self.archive / host
        folder.mkdir(exist_ok=True)
        with (folder / f"{day(ago)}.jsonl").open("a") as file:
            for _ in range(records):
                self.sequence += 1
                file.write(record(host, ago, self.sequence))

    def run(self, verb="close", *words, prefix=()):
        return subprocess.run(
            [
                *(prefix or (sys.executable, self.script)),
                *(verb, "--configuration", self.root / "archive.json", *words),
            ],
            capture_output=True,
            text=True,
            check=False,
        )

    def run_at(self, away, verb="close", *words):
        """Run the job with a clock that is set to so many days from now."""
        script = self.script.read_text()
        script = script.replace("datetime, timezone", "datetime, timedelta, timezone", 1)
        now = "now = datetime.now(timezone.utc)"
        other = self.root / "at-another-time"
        other.write_text(script.replace(now, f"{now} + timedelta({away})"))
        return self.run(verb, *words, prefix=(sys.executable, other))

    def close(self, *words):
        done = self.run("close", *words)
        assert (done.returncode, done.stderr) == (0, "")

    def chain(self, host):
        lines = (self.archive / host / "chain.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def names(self, host):
        return sorted(path.name for path in (self.archive / host).iterdir())


@pytest.fixture
def collector(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("the job makes files immutable, which root alone may")
    (tmp_path / "probe").touch()
    try:
        flags(tmp_path / "probe", 0x20)
        flags(tmp_path / "probe", 0)
    except OSError as error:
        pytest.fail(f"{tmp_path} must be on a file system with attributes: {error.strerror}")
    yield Collector(tmp_path)
    with contextlib.suppress(OSError):
        free(tmp_path)
