"""Machines that were booted once, for all labs of this user: a lab resumes a copy of one.

An emulated boot takes a minute of processor time and more; resuming takes seconds. The machine is
stopped after its boot, before it is anybody: without a host key that counts, and with its sshd off.
What resumes it gives it a name, keys, an address and a machine-id of its own (customize.sh).
"""

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from ringfence.errors import ToolError
from ringfence.lab import cache, keys, processes, reach
from ringfence.lab.lab import free_port
from ringfence.lab.machine import Hardware, Machine
from ringfence.lab.paths import LabPaths
from ringfence.lab.seed import SeedFile

SNAPSHOT = "booted"
NAME = "booting"


def ensure_booted(
    hardware: Hardware,
    lab: Path,
    patience: float,
    cancelled: threading.Event,
    say: Callable[[str], None],
) -> Path:
    """Return the folder with the disks of a booted machine, booting it when there is none.

    The boot belongs to the lab, so that `down` ends it. Raises ToolError.
    """

    def build(folder: Path, _: int) -> None:
        with tempfile.TemporaryDirectory(prefix="ringfence-") as scratch:
            paths = LabPaths(Path(scratch))
            paths.make()
            try:
                boot(folder, paths, hardware, lab, patience, cancelled, say)
            finally:
                shutil.rmtree(paths.sockets, ignore_errors=True)

    return cache.ensure(f"{hardware.image.name}-{hardware.digest}", build)


def boot(
    folder: Path,
    paths: LabPaths,
    hardware: Hardware,
    lab: Path,
    patience: float,
    cancelled: threading.Event,
    say: Callable[[str], None],
) -> None:
    """Boot a machine in `folder` with throw-away keys, take the snapshot and end it."""
    name = f"{NAME}-{hardware.digest}"
    port = free_port()
    machine = Machine(paths, name, folder, hardware, port, lab)
    hardware.make_disks(folder)
    machine.write_seed(throw_away_seed(paths, name))
    keys.write_client_files(paths, {name: port})
    say("booting, once for all labs")
    machine.run()
    try:
        running = processes.find(lab, name)
        reach.wait_until_ready(
            paths,
            name,
            port,
            lambda: any(processes.lives(process) for process in running),
            cancelled,
            patience,
        )
        # sshd is started again when the machine has the host key of its lab; sessions end by then.
        stop = "sudo -n systemctl stop ssh.service && sync"
        if (done := reach.run(paths, name, stop, timeout=patience)).returncode:
            raise ToolError(
                f"the booted machine's sshd could not be stopped: {done.stderr.strip()}"
            )
        say("taking its snapshot")
        cancelled.wait(2)
        machine.monitor(f"savevm {SNAPSHOT}")
    except ToolError as error:
        log = LabPaths(lab.parent).log(f"{name}.console")
        shutil.copyfile(machine.console, log)
        raise ToolError(str(error).replace(str(machine.console), str(log))) from None
    finally:
        processes.end_all(lab, name)
    for file in ("seed.tar", "generation"):
        (folder / file).unlink()


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
