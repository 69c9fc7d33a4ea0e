"""The lab's processes, found and ended by what they are, never by a name or a bare pid.

Every process that the lab starts carries two variables in its environment: which lab it belongs
to and which part of it it is. The kernel keeps that environment as it was at the start (proc(5)),
so a process is found again after any crash of the command that started it, whatever became of files
of pids. A signal goes through a pidfd that was opened before pid, start time and command line were
compared: a pid that was given to another process in between is never hit.
"""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LAB = "RINGFENCE_LAB"
PART = "RINGFENCE_LAB_PART"
NETWORK = "network"


@dataclass(frozen=True)
class LabProcess:
    """One running process of a lab: `started` is in clock ticks since boot, as in proc(5)."""

    pid: int
    part: str
    started: int
    command: tuple[str, ...]

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        up = float(Path("/proc/uptime").read_text().split()[0])
        return max(0.0, up - self.started / os.sysconf("SC_CLK_TCK"))


def parse_environment(content: bytes) -> dict[str, str]:
    """Read /proc/<pid>/environ."""
    pairs = (entry.partition(b"=") for entry in content.split(b"\0") if b"=" in entry)
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}


def parse_start_time(stat: str) -> int:
    """Return field 22 of /proc/<pid>/stat; the name in field 2 may hold spaces and brackets."""
    return int(stat.rpartition(")")[2].split()[19])


def describe(pid: int) -> tuple[LabProcess, str] | None:
    """Return a process and its lab's folder; None for a process of no lab, or a dead one."""
    folder = Path("/proc") / str(pid)
    try:
        environment = parse_environment((folder / "environ").read_bytes())
        if LAB not in environment:
            return None
        stat = (folder / "stat").read_text(errors="replace")
        command = (folder / "cmdline").read_bytes().split(b"\0")[:-1]
    except OSError:
        return None
    words = tuple(os.fsdecode(word) for word in command)
    process = LabProcess(pid, environment.get(PART, ""), parse_start_time(stat), words)
    return process, environment[LAB]


def find(lab: Path, part: str | None = None) -> list[LabProcess]:
    """Return the running processes of the lab whose state folder is `lab`, oldest first."""
    found = []
    for entry in os.listdir("/proc"):  # noqa: PTH208 - thousands of Path objects for a few hits
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        described = describe(int(entry))
        if described and described[1] == str(lab) and part in (None, described[0].part):
            found.append(described[0])
    return sorted(found, key=lambda process: (process.started, process.pid))


def lives(process: LabProcess) -> bool:
    """Tell whether a process still runs; what it executes may have changed since it was found."""
    described = describe(process.pid)
    return described is not None and described[0].started == process.started


def start(
    command: Sequence[str],
    lab: Path,
    part: str,
    log: Path,
    *,
    extra: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a part of the lab that outlives this command and its terminal; output goes to `log`.

    When it returns, `find` finds the process, unless it has ended already.
    """
    environment = {**os.environ, **(extra or {}), LAB: str(lab), PART: part}
    with log.open("ab") as output:
        started = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    # Popen returns from the middle of execve(2), a moment before /proc tells the environment.
    seen_by = time.monotonic() + 1.0
    while describe(started.pid) is None and started.poll() is None and time.monotonic() < seen_by:
        time.sleep(0.0005)
    return started


def end(process: LabProcess, lab: Path, *, grace: float = 0.0, wait: float = 10.0) -> bool:
    """End a process of the lab: SIGTERM, `grace` seconds, SIGKILL; True once it is gone."""
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return True
    try:
        if describe(process.pid) != (process, str(lab)):
            return True
        with contextlib.suppress(ProcessLookupError):
            if grace:
                signal.pidfd_send_signal(descriptor, signal.SIGTERM)
                if _gone(descriptor, grace):
                    return True
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
            return _gone(descriptor, wait)
        return True
    finally:
        os.close(descriptor)


def end_all(lab: Path, part: str | None = None, *, wait: float = 10.0) -> list[LabProcess]:
    """End all processes of the lab, or of one part of it; return those that would not die."""
    deadline = time.monotonic() + wait
    left: list[LabProcess] = []
    while found := find(lab, part):
        left = [process for process in found if not end(process, lab, wait=1.0)]
        if time.monotonic() > deadline:
            return left
        if left:
            time.sleep(0.1)
    return []


def _gone(descriptor: int, seconds: float) -> bool:
    """Wait for the end of the process; a child of ours is reaped by whoever holds its Popen."""
    poller = select.poll()
    poller.register(descriptor, select.POLLIN)
    return bool(poller.poll(int(seconds * 1000)))
