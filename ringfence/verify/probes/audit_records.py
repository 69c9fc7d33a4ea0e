"""Accesses that are made for the moment, and what of them stands in the audit's records.

Each is made under a name that nobody else uses, and leaves nothing behind. The records are read as
auditd wrote them: `type=… msg=audit(SECOND.MS:SERIAL): …`; those of one serial number are one event
(auditd.conf(5), log_format ENRICHED).
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PATIENCE = 30
"""Seconds in which the records must have been written. auditd does within one, but a busy host may
take longer; one whose kernel has no auditd isn't waited for."""
BEFORE = r"""
log=/var/log/audit/audit.log
before=$(stat -c '%i %s' $log 2>/dev/null)
taken=$(auditctl -s 2>/dev/null | sed -n 's/^pid //p')"""
"""Where the records end before an access, and which process takes them."""
SEARCH = rf"""
newest() {{
    if [ "$(stat -c %i $log)" = "${{before% *}}" ]; then
        tail -c +$((${{before#* }} + 1)) $log
    else
        tail -c +$((${{before#* }} + 1)) $log.1 # it was full meanwhile
        cat $log
    fi
}} 2>/dev/null
began=$(date +%s)
[ -n "$before" ] && [ "${{taken:-0}}" != 0 ] || began=0
# A message of its own (auditctl(8), -m), which no rule decides about; records keep their order.
auditctl -m "$canary-end" >/dev/null 2>&1 || began=0
until newest | grep -aq "type=USER .*$canary-end"; do
    [ $(($(date +%s) - began)) -lt {PATIENCE} ] || break
    sleep 0.3
done
echo "person $(cat /proc/self/loginuid)"
serials=$(newest | grep -aF "$canary" | sed -n 's/.*msg=audit([0-9.]*\(:[0-9]*)\).*/\1/p' | sort -u)
[ -z "$serials" ] || newest | grep -aF -e "$serials"
:"""
NAMED = f"canary=ringfence-canary-$$-$(date +%s%N){BEFORE}"
ALLOWED = rf"""
{NAMED}
file=DIRECTORY/.$canary
trap 'rm -f -- "$file" "$file.new"' EXIT
perl -e '
    my ($file, $new) = @ARGV;
    umask 0077;
    open my $write, ">", $file; close $write;
    open my $read, "<", $file; close $read;
    chmod 0600, $file;
    rename $file, $new;
    unlink $new;
' -- "$file" "$file.new"
{SEARCH}"""
DENIED = rf"""
{NAMED}
here=/dev/shm/$canary
trap 'rm -f -- "$here"' EXIT
(umask 077 && : >"$here")
# Without -U perl looks first whether it is a directory (perlrun(1)), and then tries no deletion.
setpriv --reuid=nobody --regid=nogroup --clear-groups perl -U -e '
    for my $file (@ARGV) {{
        open my $read, "<", $file;
        open my $write, "+<", $file;
        rename $file, "$file.new";
        unlink $file;
    }}
' -- "$here" DIRECTORY/.$canary
{SEARCH}"""
# The name by which a file is opened stands in the record; this one leads to the accounts.
ACCOUNTS = rf"""
{NAMED}
here=/dev/shm/$canary
trap 'rmdir -- "$here"' EXIT
mkdir -m 700 -- "$here"
perl -e 'open my $append, ">>", $ARGV[0]' -- "$here/../../../etc/passwd"
{SEARCH}"""
IN_SYSLOG = rf"""
{NAMED}
began=$(date +%s) since=$began
here=/dev/shm/$canary
trap 'rmdir -- "$here"' EXIT
mkdir -m 700 -- "$here"
perl -e 'open my $append, ">>", $ARGV[0]' -- "$here/../../../etc/passwd"
command -v audisp-syslog >/dev/null && [ "${{taken:-0}}" != 0 ] || began=0
until journalctl -q -t audispd -t audisp-syslog --since "@$since" -o cat | grep -aF "$canary"; do
    [ $(($(date +%s) - began)) -lt {PATIENCE} ] || break
    sleep 0.5
done
:"""
STAMP = re.compile(r"type=(\S+) msg=audit\((\d+\.\d+):(\d+)\):(.*)")
FIELD = re.compile(r"\b([A-Za-z0-9_]+)=(\"[^\"]*\"|[^\s\x1d]+)")
KINDS = {
    **dict.fromkeys(("rename", "renameat", "renameat2"), "rename"),
    **dict.fromkeys(("unlink", "unlinkat"), "delete"),
    **dict.fromkeys(("chmod", "fchmodat", "fchmodat2"), "rights"),
}
FLAGS = {"open": "a1", "openat": "a2"}
"""Which argument of a call that opens says how (open(2))."""


@dataclass(frozen=True)
class Event:
    """What one call left in the record."""

    kind: str
    """read, write, rename, delete, rights, or the call's name"""
    allowed: bool
    why: str
    """what the call returned: -13 is EACCES, -1 is EPERM"""
    person: str
    """the number of the account that logged in (auid)"""
    account: str
    """the number of the account that it was done as (uid)"""
    key: str
    paths: tuple[str, ...]

    def __str__(self) -> str:
        how = "allowed" if self.allowed else f"denied ({self.why})"
        return f"{self.kind} {how} person {self.person} as {self.account} in {self.key}"


@dataclass(frozen=True)
class Attempt:
    """What was found of accesses that were made a moment ago."""

    person: str
    """the number of the account that logged in to ask"""
    events: tuple[Event, ...]

    def in_place(self, path: str) -> list[Event]:
        """Return the events of paths that begin so."""
        return [e for e in self.events if any(found.startswith(path) for found in e.paths)]


def allowed(host: Any, path: str) -> Attempt:
    """Create, read, change, rename and delete a file in a directory; return the record of it."""
    return _attempt(host.run(_in(path, ALLOWED)).stdout)


def denied(host: Any, path: str) -> Attempt:
    """Have nobody try to read, write, rename and delete a file of root's in /dev/shm and one in a
    directory; return the record of it."""
    return _attempt(host.run(_in(path, DENIED)).stdout)


def of_accounts(host: Any) -> Attempt:
    """Open the accounts to write, and write nothing; return the record of it."""
    return _attempt(host.run(ACCOUNTS).stdout)


def in_syslog(host: Any) -> int:
    """Open the accounts to write, and return how many records that went to syslog tell of it."""
    return str(host.run(IN_SYSLOG).stdout).count("\n")


def events_of(lines: list[str]) -> list[Event]:
    """Return the events that records make up, in the order of their numbers."""
    grouped: dict[tuple[str, int], list[tuple[str, dict[str, str]]]] = {}
    for line in lines:
        if match := STAMP.search(line):
            kind, moment, serial, rest = match.groups()
            grouped.setdefault((moment, int(serial)), []).append((kind, _fields(rest)))
    found = []
    for _, records in sorted(grouped.items()):
        calls = [fields for kind, fields in records if kind == "SYSCALL"]
        paths = [fields["name"] for kind, fields in records if kind == "PATH" and "name" in fields]
        if calls:
            found.append(_event(calls[0], tuple(paths)))
    return found


def _in(path: str, script: str) -> str:
    return script.replace("DIRECTORY", shlex.quote(path))


def _event(fields: Mapping[str, str], paths: tuple[str, ...]) -> Event:
    call = fields.get("SYSCALL", "")
    kind = KINDS.get(call, call)
    if call in FLAGS:
        kind = "write" if int(fields.get(FLAGS[call], "0"), 16) & 0b11 else "read"
    return Event(
        kind=kind,
        allowed=fields.get("success") == "yes",
        why=fields.get("exit", ""),
        person=fields.get("auid", ""),
        account=fields.get("uid", ""),
        key=fields.get("key", ""),
        paths=paths,
    )


def _attempt(text: str) -> Attempt:
    first, _, rest = text.partition("\n")
    # Not splitlines(): it ends a line at the group separator too, after which auditd explains.
    return Attempt(first.removeprefix("person "), tuple(events_of(rest.split("\n"))))


def _fields(text: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in FIELD.findall(text)}
