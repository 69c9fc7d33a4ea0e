"""What is asked of a host, in one round trip, before anything on it is touched."""

import getpass
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from ipaddress import ip_network
from pathlib import Path

from ringfence.guard.channel import Channel, Run, guard_command, parse_status
from ringfence.guard.coverage import Coverage
from ringfence.guard.states import STATES
from ringfence.site import AccessKey, Host, Site
from ringfence.site.section import as_ip
from ringfence.supported import SYSTEM, unsupported
from ringfence.verify.answers import Answer

LEAST_SPACE = 32 * 1024 * 1024
"""Bytes that must be free on each of PLACES: saved copies, staged files, packages."""
LEAST_FILES = 500
PLACES = ("/", "/etc", "/var")
FARTHEST_CLOCK = 300.0
"""Seconds; beyond it, expiry times of keys, certificates and logs are worth nothing."""
STALE = 120
"""Seconds after which a lock that nobody renewed is nobody's (guard.sh)."""

CLOCK = "date -u +%s.%N"
DISKS = f"stat -f -c '%n|%f|%S|%d|%c' {' '.join(PLACES)}"
LOGIN = r"""
# sudo clears the environment, so the connection is found in an ancestor's.
process=$$ came=
while [ -z "$came" ] && [ "${process:-0}" -gt 1 ]; do
    came=$(tr '\0' '\n' <"/proc/$process/environ" 2>/dev/null | sed -n 's/^SSH_CONNECTION=//p')
    process=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$process/status")
done
set -- $came
echo "address=${1:-}"
journalctl -q -o cat --since -10min -t sshd -t sshd-session 2>/dev/null |
    grep "^Accepted publickey for .* from $1 port $2 " | tail -n 1 |
    sed -n 's/.*\(SHA256:[A-Za-z0-9+/]*\).*/key=\1/p'
"""
KNOWN = f"if [ -s {STATES}/log ] || [ -e {STATES}/ended ]; then echo yes; fi"
"""Whether a run ever ended there: one that changed something is in the log, one that found nothing
to change left a mark. A host on which the first was killed is a new one still, armed unasked."""
QUESTIONS = (SYSTEM, CLOCK, DISKS, LOGIN, guard_command("status"), KNOWN)


@dataclass(frozen=True)
class Findings:
    """What a host answered; `lag` is how many seconds its clock is ahead at least."""

    system: str
    lag: float
    disks: str
    address: str
    key: str
    """Fingerprint of the key that this login used; empty when the host's log doesn't tell."""
    guard: dict[str, str]
    known: bool = True
    """Whether a run of Ringfence ever came to its end there."""


def ask(channel: Channel) -> Findings:
    """Ask a host. Raises UnreachableError."""
    before = time.time()
    answers = channel.ask_patiently(*QUESTIONS)
    after = time.time()
    system, clock, disks, login, guard, before_us = (_text(answer) for answer in answers)
    told, status = parse_status(login), parse_status(guard)
    return Findings(
        system.strip(),
        lag_of(_number(clock), before, after),
        disks,
        told.get("address", ""),
        told.get("key", ""),
        status,
        before_us.strip() == "yes" or "last_run" in status,
    )


def lag_of(clock: float, before: float, after: float) -> float:
    """Return how far a clock, read at some time between two moments, is off at least."""
    return clock - after if clock > after else clock - before if clock < before else 0.0


def reasons(
    site: Site,
    host: Host,
    findings: Findings,
    dangers: Iterable[Coverage],
    today: date | None = None,
) -> Iterator[str]:
    """Yield why nothing may be changed on a host now, a sentence each; nothing when all is well."""
    if foreign := unsupported(findings.system):
        yield foreign
    if abs(findings.lag) > FARTHEST_CLOCK:
        where = "ahead of" if findings.lag > 0 else "behind"
        yield (
            f"its clock is {abs(findings.lag) / 60:.0f} minutes {where} this machine's: "
            "set it right first (timedatectl)"
        )
    yield from _full_disks(findings.disks)
    yield from _other_run(findings.guard)
    if any(coverage.decides_access for coverage in dangers):
        yield from _lost_access(site, host, findings, today or datetime.now(UTC).date())


def abandoned(guard: dict[str, str]) -> bool:
    """Tell whether a host's lock belongs to a process of this machine that is dead."""
    machine, _, process = guard.get("lock_process", "").rpartition(" ")
    pid, _, started = process.partition(":")
    return machine == _machine() and pid.isdigit() and _started(int(pid)) != started


def this_run(identifier: str) -> Run:
    """Return who changes hosts now: this person, this process."""
    pid = os.getpid()
    who = f"{getpass.getuser()}@{os.uname().nodename}"
    return Run(identifier, who, f"{_machine()} {pid}:{_started(pid)}")


def _full_disks(text: str) -> Iterator[str]:
    seen = set()
    for line in text.splitlines():
        if line.count("|") != 4:
            continue
        place, blocks, size, free, total = line.split("|")
        if (blocks, free) in seen:
            continue
        seen.add((blocks, free))
        if (left := int(blocks) * int(size)) < LEAST_SPACE:
            yield (
                f"its disk is full: {place} has {left // 2**20} MiB free, "
                f"and a change needs {LEAST_SPACE // 2**20}"
            )
        elif int(total) and int(free) < LEAST_FILES:
            yield f"its disk is full: {place} has room for {free} more files (inodes) alone"


def _other_run(guard: dict[str, str]) -> Iterator[str]:
    age = int(guard.get("lock_age", STALE))
    if age < STALE and not abandoned(guard):
        yield (
            f"another run is in progress: {guard.get('lock_owner')}, run {guard.get('lock_run')}, "
            f"since {guard.get('lock_since')}, last heard of {age} seconds ago"
        )


def _lost_access(site: Site, host: Host, findings: Findings, today: date) -> Iterator[str]:
    user = host.ssh.user
    if user == "root":
        yield "it is reached as root, who will be refused: let hosts.yml name an account with sudo"
        return
    keys = [key for entry in site.access(host) if entry.user == user for key in entry.keys]
    used = [key for key in keys if key.fingerprint == findings.key] if findings.key else keys
    if not used:
        yield (
            f"the key that this login used, {findings.key}, is not among those that the site "
            f"allows {user}: add it to deploy_access in policy.yml"
        )
        return
    valid = [key for key in used if key.expires >= today]
    if not valid:
        last = max(key.expires for key in used)
        yield f"the key of {user} expired on {last}: renew it in deploy_access"
    elif findings.address and not any(_allows(key, findings.address) for key in valid):
        sources = ", ".join(source for key in valid for source in key.sources)
        yield (
            f"this machine reaches it from {findings.address}, and {user} may come from {sources} "
            "alone: add the address to the sources in deploy_access"
        )


def _allows(key: AccessKey, address: str) -> bool:
    came = as_ip(address.partition("%")[0])
    if came is None or not key.sources:
        return True
    return any(came in ip_network(source, strict=False) for source in key.sources)


def _text(answer: Answer) -> str:
    return answer.stdout.decode("utf-8", "replace")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _machine() -> str:
    """Return what tells this machine's processes from those of its clones and containers."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
        space = Path("/proc/self/ns/pid").readlink()
    except OSError:
        return f"{os.uname().nodename}/unknown"
    return f"{os.uname().nodename}/{boot}/{space}"


def _started(pid: int) -> str:
    """Return when a process was started, empty when it is gone (field 22 of proc(5)'s stat)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""
