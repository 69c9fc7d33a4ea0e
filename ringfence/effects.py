"""What a deploy changes in files and does to units, out of what its operations tell.

A plan's diffs compare what a role rendered with what the host has now. A file is shown only when
anybody on the host may read it, as it is and as it will be, or when its role says that it never
holds a secret; the site's secrets are masked in whatever is shown.
"""

import difflib
import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ringfence.errors import UsageError
from ringfence.secrets import Vault
from ringfence.side_by_side import side_by_side
from ringfence.site import Site
from ringfence.unchanged import Ask
from ringfence.verify.answers import Answer
from ringfence.verify.session import UnreachableError

LARGEST = 65536
"""Bytes of a file that is compared; of a larger one the plan says only that it changes."""
MASK = "********"
CONTEXT = 1
"""How many lines that stay the same a diff shows around those that change."""
LIKE_A_SECRET = re.compile(
    r"(?i)((?:pass(?:word|wd|phrase)?|pwd?|secret|token|psk|(?:private|api|shared|preshared)[_-]?key)"
    r"[\"']?\s*[:=]\s*)(\S.*)"
)
"""A setting by whose name its value is masked, for a host may hold a former secret."""
PRIVATE_KEY = "PRIVATE KEY-----"
AS_NOBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups --"
READ = f"""\
if [ -e "$1" ]; then exec head -c {LARGEST + 1} -- "$1"; fi
place=${{1%/*}}
while [ -n "$place" ] && [ ! -d "$place" ]; do place=${{place%/*}}; done
[ -x "${{place:-/}}" ]"""
READ_AS_ROOT = f'[ ! -L "$1" ] && {{ [ ! -e "$1" ] || head -c {LARGEST + 1} -- "$1"; }}'


@dataclass(frozen=True)
class FileChange:
    """What would change about one path."""

    operation: str
    path: str
    what: str
    """in words: new, content, mode 0644 → 0600, removed …"""
    diff: tuple[str, ...] = ()
    """lines of a unified diff without its two heads; secrets are masked"""
    hidden: str = ""
    """why there is no diff though the content changes"""


@dataclass(frozen=True)
class UnitAct:
    """What is done to a unit: restart, reload, start, stop, or run (what ends by itself)."""

    verb: str
    unit: str
    because: tuple[str, ...] = ()
    """paths that change"""


@dataclass(frozen=True)
class ThingChange:
    """What would become of something that is no file of Ringfence's: a package, a setting, …"""

    operation: str
    thing: str
    change: str
    """in words: installed, 438 → 0, closed …"""


Told = dict[str, Any]
"""One line of `ringfence.operations.telling`: host, operation, kind, and what the kind has."""


def by_host(lines: Iterable[str]) -> dict[str, list[Told]]:
    """Return what operations told, by host, each thing once, in order."""
    found: dict[str, list[Told]] = {}
    for line in lines:
        entry = json.loads(line)
        known = found.setdefault(entry["host"], [])
        if entry not in known:
            known.append(entry)
    return found


def acts_done(told: Iterable[Told]) -> list[UnitAct]:
    """Return what was done to units."""
    return list(dict.fromkeys(UnitAct(e["verb"], e["unit"]) for e in told if e["kind"] == "did"))


def acts_to_come(told: Sequence[Told]) -> list[UnitAct]:
    """Return what would be done to units: what is due now, and what follows from changed files."""
    due = {entry["unit"]: entry["verb"] for entry in told if entry["kind"] == "act"}
    changed = {entry["path"] for entry in told if entry["kind"] in ("file", "directory", "removal")}
    acts = {unit: UnitAct(verb, unit) for unit, verb in due.items()}
    for entry in told:
        if entry["kind"] != "unit" or due.get(entry["unit"]) in ("start", "restart", "stop"):
            continue
        for verb in ("restart", "reload"):
            because = tuple(path for path in entry[f"{verb}_for"] if path in changed)
            if because:
                acts[entry["unit"]] = UnitAct(verb, entry["unit"], because)
                break
    return list(acts.values())


def thing_changes(told: Iterable[Told]) -> list[ThingChange]:
    """Return what would become of packages, settings, accounts and modes, each once.

    What is told are names and numbers, of which a host may choose some: they are masked like lines.
    """
    found = (
        ThingChange(e["operation"], masked(e["thing"], ()), masked(e["change"], ()))
        for e in told
        if e["kind"] == "thing"
    )
    return list(dict.fromkeys(found))


def file_changes(
    site: Site, told: Mapping[str, Sequence[Told]], ask: Mapping[str, Ask], parallel: int
) -> dict[str, list[FileChange]]:
    """Return by host how files would change; each host is asked for its own in one round trip.

    Args:
        site: the site, whose secrets are masked.
        told: by host, what operations told.
        ask: by host, what puts commands to it.
        parallel: how many hosts are asked at a time.
    """
    values = secret_values(site)

    def of_host(name: str) -> list[FileChange]:
        entries = [e for e in told[name] if e["kind"] in ("file", "directory", "removal")]
        wanted = [e for e in entries if _is_shown(e)]
        try:
            answers = ask[name](*(_question(entry) for entry in wanted)) if wanted else []
        except UnreachableError:
            answers = [Answer(1, b"", b"")] * len(wanted)
        present = {entry["path"]: answer for entry, answer in zip(wanted, answers, strict=True)}
        found = [_change(entry, present.get(entry["path"]), values) for entry in entries]
        return _each_path_once(found)

    names = list(told)
    return dict(zip(names, side_by_side(names, of_host, parallel), strict=True))


def secret_values(site: Site) -> list[str] | None:
    """Return the values of a site's secrets, line by line; None when they can't be opened here."""
    vault = Vault(site.path, ask=False)
    if not vault.path.exists():
        return []
    try:
        secrets = vault.secrets()
    except UsageError:
        return None
    lines = {
        line.strip()
        for secret in secrets.values()
        for line in secret.get_secret_value().split("\n")
    }
    return sorted(lines - {""}, key=len, reverse=True)


def masked(line: str, secrets: Iterable[str]) -> str:
    """Return a line without secrets, and without characters that a terminal would obey."""
    for secret in secrets:
        line = line.replace(secret, MASK)
    line = LIKE_A_SECRET.sub(rf"\1{MASK}", line)
    return "".join(c if c.isprintable() or c == "\t" else f"\\x{ord(c):02x}" for c in line)


def diff(before: str, after: str, secrets: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the lines of a unified diff, masked, without its two heads."""
    values = list(secrets)
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=CONTEXT, lineterm="")
    return tuple(masked(line, values) for line in list(lines)[2:])


def _each_path_once(changes: Iterable[FileChange]) -> list[FileChange]:
    """Leave out what an earlier operation would have done already: roles share directories."""
    first: dict[tuple[str, str, tuple[str, ...]], FileChange] = {}
    for change in changes:
        first.setdefault((change.path, change.what, change.diff), change)
    return list(first.values())


def _is_shown(entry: Told) -> bool:
    return entry["kind"] == "file" and entry["differs"] and entry["content"] is not None


def _question(entry: Told) -> str:
    script = READ_AS_ROOT if entry["private"] else READ
    runner = "" if entry["private"] else f"{AS_NOBODY} "
    return f"{runner}{shlex.join(['sh', '-c', script, 'sh', entry['path']])}"


def _change(entry: Told, present: Answer | None, secrets: list[str] | None) -> FileChange:
    operation, path = entry["operation"], masked(entry["path"], ())
    what = ", ".join(_words(entry))
    if entry["kind"] != "file" or not entry["differs"]:
        return FileChange(operation, path, what)
    hidden = _why_hidden(entry, present, secrets)
    if hidden or present is None or secrets is None:
        return FileChange(operation, path, what, hidden=hidden)
    lines = diff(present.stdout.decode(), entry["content"], secrets)
    return FileChange(operation, path, what, lines)


def _why_hidden(entry: Told, present: Answer | None, secrets: list[str] | None) -> str:
    if entry["content"] is None:
        private = "not everybody on the host may read it"
        return private if entry["private"] else "its role keeps it to itself"
    if secrets is None:
        return "the site's secrets, which would be masked, can't be opened here"
    if present is None or present.status != 0:
        return "not everybody on the host may read what is there now"
    if max(len(present.stdout), len(entry["content"].encode())) > LARGEST:
        return "it is too long"
    try:
        texts = (present.stdout.decode(), entry["content"])
    except UnicodeDecodeError:
        return "what is there now is no text"
    return "it holds a private key" if any(PRIVATE_KEY in text for text in texts) else ""


def _words(entry: Told) -> Iterator[str]:
    if entry["kind"] == "removal":
        yield "removed (kept in /var/lib/ringfence/previous)"
        return
    wanted, found = entry["wanted"], entry["found"]
    owners = f"{wanted['owner']}:{wanted['group']}"
    if found is None:
        yield f"new {entry['kind']}, {wanted['mode']} {owners}"
        return
    if found["type"] != entry["kind"]:
        yield f"a {entry['kind']} instead of a {found['type']}"
    elif entry["kind"] == "file" and entry["differs"]:
        yield "content"
    if found["mode"] != wanted["mode"]:
        yield f"mode {found['mode']} → {wanted['mode']}"
    if f"{found['owner']}:{found['group']}" != owners:
        yield f"owner {found['owner']}:{found['group']} → {owners}"
