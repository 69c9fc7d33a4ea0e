"""The journal of a host, as journald itself tells of it."""

import json
import re
from dataclasses import dataclass
from typing import Any

HEADERS = "journalctl --system --header"
SPACE = (
    "journalctl --system --quiet --lines=1 --output=json "
    "MESSAGE_ID=ec387f577b844b8fa948f33cad9a75e6 'JOURNAL_NAME=System Journal'"
)
"""What journald says at its start of the disk that it may take (systemd.journal-fields(7))."""
CONFIGURATION = "systemd-analyze cat-config systemd/journald.conf"
STARTED = "$(systemctl show --timestamp=unix -p ActiveEnterTimestamp --value systemd-journald)"
DROPPED = (
    f"journalctl --system --quiet --output=cat --lines=20 --since={STARTED} "
    "_SYSTEMD_UNIT=systemd-journald.service --grep='^Suppressed |^Missed '"
)
CHANGED_SINCE = (
    f"find /etc/systemd/journald.conf /etc/systemd/journald.conf.d /run/systemd/journald.conf.d "
    f"-type f -newerct {STARTED} 2>/dev/null"
)
OPEN = r"""
find /var/log/journal -type f \( -perm /027 -o ! -user root -o ! -group systemd-journal \) \
    -printf '%p %m %u:%g\n'"""
LEFT_BEHIND = "find /run/ringfence-sealing /root /var/lib/ringfence -xdev -type f -size -4k"
KEY = r"[0-9a-f]{6}(-[0-9a-f]{6}){3}/[0-9a-f]+-[0-9a-f]+"
LEFT = f"{LEFT_BEHIND} -exec grep -lE '^{KEY}$' {{}} + 2>/dev/null"
SEALING_KEYS = "find /var/log/journal -name fss -printf '%m %u\\n'"
AUDIT_SOCKET = "systemctl show -p LoadState -p ActiveState systemd-journald-audit.socket"


@dataclass(frozen=True)
class JournalFile:
    """One file of the journal, by its header."""

    path: str
    state: str
    """ONLINE while it is written to, OFFLINE, or ARCHIVED"""
    flags: str
    """such as `SEALED TAIL_ENTRY_BOOT_ID`"""
    newest: int = 0
    """when its last entry was made, in microseconds since 1970; 0 without one"""


def files(host: Any) -> list[JournalFile]:
    """Return the files of the system's journal."""
    found = []
    for block in re.split(r"\n\s*\n", host.run(HEADERS).stdout):
        values = {}
        for line in block.splitlines():
            name, _, value = line.partition(":")
            values[name.strip()] = value.strip()
        if "File path" in values:
            flags = values.get("Compatible flags", values.get("Compatible Flags", ""))
            last = re.search(r"\(([0-9a-f]+)\)", values.get("Tail realtime timestamp", ""))
            newest = int(last[1], 16) if last else 0
            found.append(JournalFile(values["File path"], values.get("State", ""), flags, newest))
    return found


def written(host: Any) -> list[JournalFile]:
    """Return the file that the last entry was written to, of those that may be written to.

    What a former journald left open in memory, and nobody writes any more, is none.
    """
    open_files = [file for file in files(host) if file.state != "ARCHIVED"]
    newest = max((file.newest for file in open_files), default=0)
    return [file for file in open_files if file.newest == newest]


def most_bytes(host: Any) -> int:
    """Return the bytes that journald has set itself as the most that it takes; 0 if unknown."""
    text = host.run(SPACE).stdout.strip()
    return int(json.loads(text).get("MAX_USE", 0)) if text else 0


def settings(host: Any) -> dict[str, str]:
    """Return what all of journald's configuration comes to: the last value of each setting."""
    found = {}
    for line in host.run(CONFIGURATION).stdout.splitlines():
        if match := re.match(r"\s*([A-Za-z]+)\s*=\s*(.*?)\s*$", line):
            found[match[1]] = match[2]
    return found


def dropped(host: Any) -> list[str]:
    """Return what journald said of messages that it dropped since its start."""
    return _lines(host, DROPPED)


def changed_since_its_start(host: Any) -> list[str]:
    """Return files of journald's configuration that it hasn't read."""
    return sorted(host.run("sh -c %s", CHANGED_SINCE).stdout.split())


def open_to_others(host: Any) -> list[str]:
    """Return the files that others than root and the group systemd-journal may read or write."""
    return _lines(host, OPEN)


def sealing_keys(host: Any) -> list[str]:
    """Return mode and owner of the keys by which the host seals, such as `600 root`."""
    return _lines(host, SEALING_KEYS)


def keys_left_behind(host: Any) -> list[str]:
    """Return files in which a key that checks the seals lies on the host that makes them."""
    return sorted(host.run("sh -c %s", LEFT).stdout.split())


def audit_socket(host: Any) -> dict[str, str]:
    """Return the state of the socket by which journald would take audit records itself."""
    return dict(line.partition("=")[::2] for line in host.check_output(AUDIT_SOCKET).splitlines())


def _lines(host: Any, script: str) -> list[str]:
    said: str = host.run("sh -c %s", script).stdout
    return said.splitlines()
