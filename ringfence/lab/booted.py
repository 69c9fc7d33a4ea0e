"""Machines that were booted once, for all labs of this user: a lab resumes a copy of one.

An emulated boot takes a minute of processor time and more; resuming takes seconds. The machine is
stopped after its boot, before it is anybody: without a host key that counts, and with its sshd off.
What resumes it gives it a name, keys, an address and a machine-id of its own (customize.sh).
"""

import shutil
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ringfence.errors import ToolError
from ringfence.lab import cache, keys, processes, reach
from ringfence.lab.lab import free_port
from ringfence.lab.machine import Hardware, Machine
from ringfence.lab.paths import LabPaths
from ringfence.lab.seed import SeedFile

SNAPSHOT = "booted"


@dataclass(frozen=True)
class BootPaths(LabPaths):
    """Where a boot keeps what: among the sockets of the lab that needs it, which `down` removes."""

    lab: LabPaths
    name: str

    @cached_property
    def state(self) -> Path:
        """The folder of the throw-away keys."""
        return self.lab.sockets / self.name

    @cached_property
    def sockets(self) -> Path:
        """The same folder: its name is short enough."""
        return self.state

    def log(self, name: str) -> Path:
        """Return a log of the lab."""
        return self.lab.log(name)


def ensure_booted(
    hardware: Hardware,
    lab: LabPaths,
    patience: float,
    cancelled: threading.Event,
    say: Callable[[str], None],
) -> Path:
    """Return the folder with the disks of a booted machine, booting it when there is none.

    The boot belongs to the lab, so that `down` ends it. Raises ToolError.
    """

    def build(folder: Path, _: int) -> None:
        paths = BootPaths(lab.site, lab, f"boot-{hardware.digest}")
        paths.make()
        machine = Machine(paths, paths.name, folder, hardware, free_port(), lab.state)
        try:
            boot(machine, patience, cancelled, say)
        finally:
            processes.end_all(lab.state, paths.name)
            shutil.rmtree(paths.state, ignore_errors=True)

    return cache.ensure(f"{hardware.image.name}-{hardware.digest}", build)


def boot(
    machine: Machine, patience: float, cancelled: threading.Event, say: Callable[[str], None]
) -> None:
    """Boot a machine with throw-away keys and take its snapshot. Raises ToolError."""
    paths, name = machine.paths, machine.name
    machine.hardware.make_disks(machine.folder)
    machine.write_seed(throw_away_seed(paths, name))
    keys.write_client_files(paths, {name: machine.port})
    say("booting, once for all labs")
    machine.run()
    running = processes.find(machine.lab, name)

    def alive() -> bool:
        return any(processes.lives(process) for process in running)

    reach.wait_until_ready(paths, name, machine.port, alive, cancelled, patience)
    # sshd is started again when the machine has the host key of its lab; sessions end by then.
    stop = "sudo -n systemctl stop ssh.service && sync"
    if (done := reach.run(paths, name, stop, timeout=patience)).returncode:
        raise ToolError(f"the sshd of {name} could not be stopped: {done.stderr.strip()}")
    say("taking its snapshot")
    cancelled.wait(2)
    machine.monitor(f"savevm {SNAPSHOT}")
    processes.end_all(machine.lab, name)
    for file in ("seed.tar", "generation"):
        (machine.folder / file).unlink()


def throw_away_seed(paths: LabPaths, name: str) -> dict[str, SeedFile]:
    """Return the keys that let this command, and nobody later, into the machine."""
    operator = keys.make_key(paths.operator_key, "boots a machine")
    host_key = paths.host(name) / "ssh_host_ed25519_key"
    public = keys.make_key(host_key, name)
    return {
        "etc/hostname": SeedFile("debian\n"),
        "etc/ssh/ssh_host_ed25519_key": SeedFile(host_key.read_text(), 0o600),
        "etc/ssh/ssh_host_ed25519_key.pub": SeedFile(f"{public}\n"),
        f"home/{keys.USER}/.ssh/authorized_keys": SeedFile(f"{operator}\n", 0o600, for_user=True),
    }


def copy_disks(booted: Path, hardware: Hardware, folder: Path) -> None:
    """Copy the disks with their snapshot; where it is possible both share their blocks."""
    for name in hardware.drives:
        target = folder / name
        target.unlink(missing_ok=True)
        copy = ["cp", "--reflink=auto", "--", str(booted / name), str(target)]
        done = subprocess.run(copy, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ToolError(f"a disk could not be copied: {done.stderr.strip()}")
