"""The archive of a collector: who was heard when, whose numbers have holes, what can be altered."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("log_archive.pl").read_text()
PLACE = "/srv/logs"
MOST = 4_000_000
"""Bytes of a file, from its end, that are read for a verdict."""
UNIDENTIFIED = f"""\
shown() {{
    case $1 in *.zst) zstd -dcq -- "$1" ;; *) cat -- "$1" ;; esac 2>/dev/null || echo unreadable
}}
find {PLACE}/_unidentified -type f -name '[0-9]*.jsonl*' -mtime -2 | while IFS= read -r file; do
    shown "$file" | head -c 1 | grep -q '' && printf '%s\\n' "$file"
done
:"""
"""A day in which nothing came has an empty file, or the compressed form of one; one that can't be
read, also for want of zstd, is none of them."""


@dataclass(frozen=True)
class Heard:
    """What the archive has of a host."""

    host: str
    lines: int
    newest: float
    """seconds since anything came; a million for never"""
    heartbeat: float
    """seconds since its last heartbeat; likewise"""
    holes: list[str]
    """numbers that are missing and that no record explains, such as `17-19`"""
    foreign: list[str]
    """other hosts whose lines stand among its own"""
    broken: int
    """lines that are no record"""


def heard(host: Any, names: list[str]) -> dict[str, Heard]:
    """Return what the archive has of hosts, by name."""
    words = " ".join(shlex.quote(name) for name in names)
    lines = host.check_output(f"perl -e %s {PLACE} {MOST} {words}", SCRIPT).splitlines()
    found = [json.loads(line) for line in lines]
    for entry in found:
        for key in ("newest", "heartbeat"):
            entry[key] = 1e6 if entry[key] is None else float(entry[key])
    return {entry["host"]: Heard(**entry) for entry in found}


def alterable(host: Any, names: list[str]) -> list[str]:
    """Return today's files of hosts that are not append-only, or not there."""
    day = "$(date -u +%F)"
    files = [f"{PLACE}/{shlex.quote(name)}/{day}.jsonl" for name in names]
    script = (
        "for file in "
        + " ".join(files)
        + """; do
    case $(lsattr -- "$file" 2>/dev/null | cut -d' ' -f1) in *a*) ;; *) echo "$file" ;; esac
done"""
    )
    said: str = host.run("sh -c %s", script).stdout
    return said.splitlines()


def unidentified(host: Any) -> list[str]:
    """Return the files of what came, in the last two days, from addresses of no host."""
    return sorted(host.run("sh -c %s", UNIDENTIFIED).stdout.splitlines())
