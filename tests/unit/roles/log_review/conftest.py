"""The program of the daily review as its host runs it: rendered, with real openssl and zstd."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ringfence.archive.keys import load_keys
from ringfence.archive.reviews import parse_review
from ringfence.rendering import render
from ringfence.site import find_house
from roles.log_review import deploy

HOUSE = find_house(Path(deploy.__file__))
ALERT = """\
#!/bin/sh
[ ! -e "$(dirname "$0")/refuse" ] || exit 1
{ printf '%s ' "$@"; cat; } >>"$(dirname "$0")/told"
"""


def day(ago):
    """Return the UTC day so many days ago."""
    return str((datetime.now(UTC) - timedelta(days=ago)).date())


class Reviewer:
    """A collector's archive in a folder, and the program that reviews it."""

    def __init__(self, root):
        self.root, self.archive, self.state = root, root / "logs", root / "state"
        self.values = {"configuration": str(root / "log-review.json")}
        for name in ("logs", "state", "keys", "review", "archive"):
            (root / name).mkdir()
        templates = HOUSE.templates_dir("log_review")
        (root / "review-logs").write_text(render(templates, "review-logs", **self.values))
        for name in deploy.MODULES:
            (root / "review" / f"{name}.py").write_text(render(templates, f"{name}.py"))
        for name in ("chain", "files"):
            text = render(HOUSE.templates_dir("log_collector"), f"close_{name}.py")
            (root / "archive" / f"{name}.py").write_text(text)
        (root / "alert").write_text(ALERT)
        (root / "alert").chmod(0o755)
        private, public = root / "keys/signing.key", root / "keys/signing.pem"
        openssl = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", private]
        subprocess.run(openssl, check=True)
        words = ["openssl", "pkey", "-in", private, "-pubout", "-out", public]
        subprocess.run(words, check=True)
        self.keys = load_keys(public)
        self.told = {
            "accounts": ["ana", "deploy"],
            "alert": str(root / "alert"),
            "archive": str(self.archive),
            "clients": {"acme": ["198.51.100.0/24"]},
            "deployers": ["deploy"],
            "hosts": ["pbx1"],
            "internal": ["10.0.0.0/8", "2001:db8:1::/48"],
            "kept_days": 400,
            "limits": {
                "access-denied": 3,
                "login-failed": 3,
                "packet-dropped": 3,
                "privilege-denied": 2,
            },
            "private_key": str(private),
            "public_key": str(public),
            "state": str(self.state),
            "working_hours": None,
        }
        self.sequence = 0

    def write(self, ago, *messages, host="pbx1", program="sshd", clock="10:00:00", sent=None):
        """Add messages to the open file of a day."""
        moment = f"{day(ago)}T{clock}.000000Z"
        (self.archive / host).mkdir(exist_ok=True)
        with (self.archive / host / f"{day(ago)}.jsonl").open("a") as file:
            for message in messages:
                self.sequence += 1
                content = {
                    "received": moment,
                    "sent": sent or moment,
                    "host": host,
                    "sequence": self.sequence,
                    "facility": "auth",
                    "severity": "info",
                    "program": program,
                    "pid": "7",
                    "message": message,
                }
                file.write(json.dumps(content, separators=(",", ":")) + "\n")

    def begin(self, ago):
        """Have reviewing begun some days ago."""
        (self.state / "since").write_text(day(ago))

    def run(self, *words, stdin="", configure=True, env=None):
        if configure:
            Path(self.values["configuration"]).write_text(json.dumps(self.told))
        done = subprocess.run(
            [sys.executable, self.root / "review-logs", *words],
            capture_output=True,
            text=True,
            input=stdin,
            env=env,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def reviewed(self, ago):
        """Return the review of a day that the program kept, and demand its signature."""
        done = self.run("review")
        assert (done.returncode, done.stderr) == (0, "")
        review = parse_review((self.state / f"{day(ago)}.json").read_text())
        assert review.is_signed(self.keys)
        return review

    def found(self, *messages, **options):
        """Return what a day of messages tells: kind, scope, about, count, whether it is one."""
        self.write(1, *messages, **options)
        self.begin(1)
        review = self.reviewed(1)
        return [(e.kind, e.scope, e.about, e.count, bool(e.exception)) for e in review.found]


@pytest.fixture
def reviewer(tmp_path):
    return Reviewer(tmp_path)
