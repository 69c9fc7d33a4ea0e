"""For how long the collector promises to keep closed files, and whether those that went had it.

A promise stands in the entry by which a file was closed, signed with it: what a site asks for since
doesn't shorten it. Sources: the chains themselves; stat(1).
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ringfence.archive.chain import Entry, days_due, days_kept, parse
from ringfence.archive.site import retention_of
from ringfence.site import Site
from ringfence.verify.probes.log_folders import FOLDER, SETTINGS

ENTRIES = 16
"""How many of the last files that were closed, and that were removed, are asked for of each host;
`ringfence logs verify` reads all."""

PROMISES = rf"""
cd {FOLDER} 2>/dev/null && for folder in *; do
    chain=$folder/chain.jsonl
    [ -f "$chain" ] || continue
    echo "folder $folder"
    grep '"kind":"closed"' "$chain" | tail -n {ENTRIES} | sed 's/^/closed /'
    grep '"kind":"pruned"' "$chain" | tail -n {ENTRIES} | while IFS= read -r entry; do
        printf 'pruned %s\n' "$entry"
        number=$(printf '%s\n' "$entry" | sed -n 's/.*"prunes":\([1-9][0-9]*\),.*/\1/p')
        [ -z "$number" ] || sed -n "$((number + 1))s/^/was /p" "$chain"
    done
done"""


@dataclass
class Promises:
    """What a host's chain says of the files that were closed last, and of those that went last."""

    host: str
    closed: list[Entry] = field(default_factory=list)
    removals: list[tuple[Entry, Entry | None]] = field(default_factory=list)
    """entries of files that were removed, each with the one by which the file was closed"""

    def too_short(self, asked: int, since: datetime) -> list[str]:
        """Return the files that were closed after a moment, and promised fewer days than are asked
        for: ``2026-03-01.jsonl.zst: 30``."""
        return [
            f"{one.file}: {one.promised}"
            for one in self.closed
            if one.at > since and one.promised is not None and one.promised < asked
        ]

    def days(self, asked: int) -> dict[str, tuple[int, int]]:
        """Return for how many days each file that went was kept, and had to be, by its name."""
        return {
            gone.file: (days_kept(gone), days_due(gone, closed, asked))
            for gone, closed in self.removals
        }


def promises(host: Any) -> list[Promises]:
    """Return what the chains promise. What is no entry is left out: another test tells of it."""
    found: list[Promises] = []
    for line in host.run(PROMISES).stdout.splitlines():
        word, _, rest = line.partition(" ")
        entry = parse(rest.encode())
        if word == "folder":
            found.append(Promises(rest))
        elif entry is None:
            continue
        elif word == "was" and entry.kind == "closed" and found[-1].removals:
            gone, _ = found[-1].removals[-1]
            if gone.content["prunes"] == entry.number and gone.file == entry.file:
                found[-1].removals[-1] = gone, entry
        elif word == entry.kind == "closed":
            found[-1].closed.append(entry)
        elif word == entry.kind == "pruned":
            found[-1].removals.append((entry, None))
    return found


def asked_for(site: Site) -> dict[str, int]:
    """Return for how many days the site asks today that each host's files are kept."""
    return {name: retention_of(site, host) for name, host in site.hosts.items()}


def configured_at(host: Any) -> datetime:
    """Return since when the collector's configuration is as it is: what was closed before it was
    changed may have been promised other days. Its time of change (inode(7)), for nobody sets it."""
    changed = host.run(f"stat -c %Z {SETTINGS}").stdout.strip()
    return datetime.fromtimestamp(int(changed or 0), UTC)
