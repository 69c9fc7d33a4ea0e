"""What a command takes: time, processor time and memory, of all the processes that it starts."""

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Usage:
    """What one command took."""

    wall: float
    """seconds"""
    cpu: float
    """seconds of the command and of every process of its that it waited for"""
    largest: float
    """MB that its largest process had in memory at most, and no less than who measures has:
    Linux counts what a process was before it became another (getrusage(2))"""
    together: float
    """MB that all its processes had at most: shared pages count once (PSS); a sample"""
    output: str
    code: int


def run(
    command: Sequence[str], environment: dict[str, str], *, memory: bool = False, **options: object
) -> Usage:
    """Run a command to its end."""
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=options.pop("stdin", subprocess.DEVNULL),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **options,
    )
    output: list[bytes] = []
    reading = threading.Thread(target=lambda: output.append(process.stdout.read()))
    reading.start()
    done, most = threading.Event(), [0.0]

    def watch() -> None:
        while not done.wait(0.5):
            most[0] = max(most[0], sum(map(_memory, _tree(process.pid))))

    watching = threading.Thread(target=watch if memory else done.wait)
    watching.start()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    done.set()
    watching.join()
    reading.join()
    return Usage(
        wall,
        used.ru_utime + used.ru_stime,
        used.ru_maxrss / 1024,
        most[0],
        b"".join(output).decode(errors="replace"),
        process.returncode,
    )


def _tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(entry.parent.name))
    found, waiting = [], [root]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def _memory(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
