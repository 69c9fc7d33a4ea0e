"""The integrity of files: the baseline on the host, what is kept of it elsewhere, the last answer.

The database is AIDE's: a line `@@db_spec` names the columns, then comes one line a file, in whose
name %XX stands for a character; digests are base64.
"""

import base64
import json
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from ringfence.site import Host, Site
from ringfence.site.integrity import KeptBaseline, kept_baseline

PLACE = "/var/lib/ringfence/integrity"
DATABASE = f"{PLACE}/database"
FOLDER = f"{PLACE}/latest"
RULES = "/etc/ringfence/aide.conf"
FILES = ("report", "packages", "taken-at", "database")
TIMERS = "*integrity*.timer"
GUARDING = (
    *("/usr/bin/aide", "/usr/bin/debsums", "/usr/local/lib/ringfence/integrity"),
    *("/usr/sbin/auditctl", "/usr/sbin/auditd", "/usr/sbin/ausearch", "/usr/sbin/aureport"),
    *("/usr/sbin/augenrules", "/usr/sbin/rsyslogd", "/usr/sbin/chronyd", "/usr/sbin/nft"),
    *("/usr/sbin/sshd", "/usr/bin/sudo", "/usr/bin/su", "/usr/bin/passwd", "/usr/bin/login"),
    *("/usr/bin/dpkg", "/usr/bin/apt-get", "/usr/lib/systemd/systemd", "/usr/bin/perl"),
    *("/etc/passwd", "/etc/group", "/etc/sudoers", "/etc/ssh/sshd_config", "/etc/crontab"),
    *("/etc/fstab", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ld.so.conf", "/etc/login.defs"),
)
"""Programs by which a host is guarded or entered, those of auditing too (PCI DSS 10.3.4), and what
they read."""


@dataclass(frozen=True)
class Differences:
    """What the last comparison found."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    outline: str = "no answer"

    @property
    def all(self) -> list[str]:
        """Every file that differs, and how."""
        parts = (("added", self.added), ("removed", self.removed), ("changed", self.changed))
        return [f"{how} {path}" for how, paths in parts for path in paths]


def kept(site: Site, host: Host) -> KeptBaseline | None:
    """Return what the site remembers of a host's baseline; None if it remembers none."""
    return kept_baseline(site.path, host.name)


def digest(host: Any, path: str) -> str:
    """Return the SHA-256 of a file; `missing` without it."""
    answer = host.run("sha256sum -- %s", path)
    return str(answer.stdout.partition(" ")[0] or "missing")


def there(host: Any, paths: Iterable[str]) -> list[str]:
    """Return those of the paths that are regular files."""
    words = " ".join(shlex.quote(path) for path in paths)
    text = host.run(
        f'for one in {words}; do [ ! -f "$one" ] || [ -L "$one" ] || printf "%s\\n" "$one"; done'
    ).stdout
    return list(text.splitlines())


def in_the_baseline(host: Any, paths: Iterable[str]) -> dict[str, str]:
    """Return the SHA-512, in hexadecimal digits, of those of the files that the database has."""
    wanted = list(paths)
    names = "|".join(path.replace(".", r"\.").replace("+", ".") for path in wanted)
    text = host.run(f"zcat -- {DATABASE} | grep -E '^(@@db_spec|({names})) '").stdout
    column, found = -1, {}
    for words in (line.split() for line in text.splitlines()):
        if words[0] == "@@db_spec":
            column = words.index("sha512") - 1 if "sha512" in words else -1
        elif 0 < column < len(words) and (name := unquote(words[0])) in wanted:
            try:
                found[name] = base64.b64decode(words[column], validate=True).hex()
            except ValueError:
                found[name] = "none"
    return found


def entries(host: Any) -> int:
    """Return how many files the database has."""
    text = host.run(f"zcat -- {DATABASE} | grep -c ^/").stdout.strip()
    return int(text) if text.isdigit() else 0


def on_the_disk(host: Any, paths: Iterable[str]) -> dict[str, str]:
    """Return the SHA-512 of files as they are now."""
    words = " ".join(shlex.quote(path) for path in paths)
    lines = host.run(f"sha512sum -- {words}").stdout.splitlines()
    return {path: value for value, _, path in (line.partition("  ") for line in lines)}


def differences(host: Any) -> Differences:
    """Return what the last comparison found: AIDE's own report."""
    text = host.run("cat -- %s", f"{FOLDER}/report").stdout
    try:
        report = json.loads(text)
    except ValueError:
        return Differences()
    return Differences(
        added=sorted(report.get("added", {})),
        removed=sorted(report.get("removed", {})),
        changed=sorted(report.get("changed", {})),
        outline=str(report.get("outline", "no answer")),
    )


def altered_packages(host: Any) -> list[str]:
    """Return what debsums said of files that are not as their packages made them."""
    lines = host.run("cat -- %s", f"{FOLDER}/packages").stdout.splitlines()
    return [line for line in lines if line.strip()]


def compared_with(host: Any) -> str:
    """Return the digest of the database with which files were compared last."""
    return str(host.run("cat -- %s", f"{FOLDER}/database").stdout.strip() or "none")
