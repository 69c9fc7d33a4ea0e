"""Reaching a host of the lab: its sshd's greeting, a command as the deploy user, its readiness."""

import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import Callable

from ringfence.errors import ToolError
from ringfence.lab.paths import LabPaths

READINESS = (
    "systemctl is-system-running --wait; sudo -n true && systemctl --failed --plain --no-legend"
)
GREETING_PATIENCE = 15.0
"""Seconds for one greeting: an emulated sshd whose client hangs up sooner starts over for ever."""
BOOT_ID = "/proc/sys/kernel/random/boot_id"


class CancelledError(ToolError):
    """The command was interrupted; `ringfence lab down` cleans up."""


def ssh_command(paths: LabPaths, host: str, *command: str) -> list[str]:
    """Return the call of the OpenSSH client that runs a command on a host and asks nothing."""
    return ["ssh", "-F", str(paths.ssh_config), "-o", "BatchMode=yes", host, *command]


def run(
    paths: LabPaths, host: str, command: str, stdin: str = "", timeout: float | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a shell command on a host as the deploy user."""
    return subprocess.run(
        ssh_command(paths, host, command),
        input=stdin,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        check=False,
    )


def greets(port: int, timeout: float = 2.0) -> bool:
    """Tell whether an sshd answers behind a port; a forwarder answers before there is one."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout) as connection:
            connection.settimeout(timeout)
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def wait_until_ready(
    paths: LabPaths,
    host: str,
    port: int,
    alive: Callable[[], bool],
    cancelled: threading.Event,
    timeout: float,
    *,
    resumed: bool = False,
) -> str:
    """Wait until a host has booted and lets the deploy user in; return what `systemctl` calls it.

    That is `running`, or `degraded: ` and the failed units. A host that was `resumed` believes that
    no time has passed: its clock is set. Raises ToolError with the log's path.
    """
    log = paths.log(f"{host}.console")
    deadline = time.monotonic() + timeout
    while not greets(port, GREETING_PATIENCE):
        if cancelled.is_set():
            raise CancelledError(f"{host}: interrupted; `ringfence lab down` cleans up")
        if not alive():
            raise ToolError(f"{host} ended while it started; the log is {log}")
        if time.monotonic() > deadline:
            raise ToolError(f"{host} did not answer in {timeout:.0f} seconds; the log is {log}")
        cancelled.wait(0.5)
    done = ask(paths, host, cancelled, deadline, resumed)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ToolError(f"ssh to {host} as the deploy user failed: {reason}; the log is {log}")
    state, *failed = done.stdout.splitlines()
    if state == "running":
        return state
    return f"{state}: {', '.join(line.split()[0] for line in failed) or 'no unit named'}"


def ask(
    paths: LabPaths, host: str, cancelled: threading.Event, deadline: float, resumed: bool
) -> "subprocess.CompletedProcess[str]":
    """Ask a host that greets for its readiness, again while it still turns people away.

    That is what pam_nologin does until the boot is complete, and a forwarder while sshd restarts.
    """
    while True:
        clock = f"sudo -n date -u -s @{time.time():.3f} > /dev/null && " if resumed else ""
        left = max(10.0, deadline - time.monotonic())
        try:
            done = run(paths, host, f"{clock}{READINESS}", timeout=left)
        except subprocess.TimeoutExpired:
            log = paths.log(f"{host}.console")
            raise ToolError(f"{host} did not finish its boot; the log is {log}") from None
        complaint = done.stderr + done.stdout
        passing = any(words in complaint for words in ("not permitted", "closed by", "reset by"))
        if done.returncode != 255 or not passing or time.monotonic() > deadline:
            return done
        cancelled.wait(1.0)
        if cancelled.is_set():
            return done


def boot_id(paths: LabPaths, host: str, timeout: float = 30.0) -> str | None:
    """Return the id that the kernel (or nspawn) gave to this boot; None while it can't be asked."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = run(paths, host, f"cat {BOOT_ID}", timeout=timeout)
        if done.returncode == 0:
            return done.stdout.strip()
    return None
