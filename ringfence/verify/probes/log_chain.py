"""The chains of the collector's archive, judged here: form, links, signatures.

The library that reads them (`ringfence.archive`) shares no code with the job that writes them.
"""

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta

from ringfence.archive.chain import Entry, canonical, parse
from ringfence.archive.keys import Keys, load_keys, parse_keys, signed_by
from ringfence.errors import UsageError
from ringfence.site import Host, Site
from ringfence.verify.probes.log_folders import HostFolder


def trusted(site: Site, collector: Host, shown: bytes) -> tuple[Keys, str]:
    """Return the keys that count, and whence they are: the site's, or else what is shown."""
    kept = site.path / "archive" / f"{collector.name}.pem"
    if kept.exists():
        return load_keys(kept), "the site"
    try:
        return parse_keys(shown, "the collector"), "the collector: the site keeps none yet"
    except UsageError:
        return {}, "nowhere"


def faults(folder: HostFolder, keys: Keys) -> list[str]:
    """Return what is wrong with the last entries of a chain."""
    found = ["the last entry has no end"] if folder.torn else []
    before = ""
    for line in folder.entries:
        entry = parse(line.encode())
        if entry is None:
            found.append(f"no entry: {line[:60]}")
            continue
        name = f"entry {entry.number}"
        if entry.content["host"] != folder.name:
            found.append(f"{name} is of {entry.content['host']}")
        if entry.content["key"] not in keys:
            found.append(f"{name} is signed with a key that is not the collector's")
        elif not _signed(entry, keys):
            found.append(f"{name} is not what the collector signed")
        if before and entry.previous != hashlib.sha256(before.encode()).hexdigest():
            found.append(f"{name} does not follow the one before it")
        before = line
    return found


def head(folder: HostFolder) -> str:
    """Return number and SHA-256 (hex) of the last entry."""
    last = folder.entries[-1] if folder.entries else ""
    entry = parse(last.encode())
    return f"{entry.number if entry else '?'} {hashlib.sha256(last.encode()).hexdigest()}"


def beginning(folder: HostFolder) -> str:
    """Return kind and number of the first entry: ``begun 0``."""
    first = parse(folder.first.encode())
    return f"{first.kind} {first.number}" if first else "no entry"


def digests(folder: HostFolder) -> Mapping[str, str]:
    """Return what the last entries say of closed files: name to SHA-256 (hex)."""
    return {e.file: str(e.content["sha256"]) for e in _entries(folder) if e.kind == "closed"}


def last_day(folder: HostFolder) -> date:
    """Return the last day with an entry; for a chain that has just begun, the day before it."""
    entries = _entries(folder)
    begun = [entry.day - timedelta(days=1) for entry in entries if entry.kind == "begun"]
    return max([e.day for e in entries if e.kind in ("closed", "empty")] + begun, default=date.min)


def _signed(entry: Entry, keys: Keys) -> bool:
    body = {name: value for name, value in entry.content.items() if name != "signature"}
    return signed_by(keys[entry.content["key"]], entry.content["signature"], canonical(body))


def _entries(folder: HostFolder) -> list[Entry]:
    return [entry for entry in (parse(line.encode()) for line in folder.entries) if entry]
