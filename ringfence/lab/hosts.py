"""Starting, restoring and ending one host of a lab, whichever kind it is."""

import contextlib
import hashlib
import json
import threading
from pathlib import Path

from ringfence.errors import ToolError
from ringfence.lab import booted, cache, container, machine, processes, reach
from ringfence.lab.lab import Lab, Say
from ringfence.lab.machine import Hardware, Machine
from ringfence.lab.network import BRIDGE
from ringfence.lab.paths import LabPaths
from ringfence.lab.seed import SeedFile
from ringfence.lab.settings import PlannedHost

PATIENCE = {"container": 180.0, "machine": 1800.0}
"""Seconds that a boot may take; an emulated machine on a busy computer is slow."""
CLEAN = "clean"


def clean_file(paths: LabPaths, name: str) -> Path:
    """Return the file that says that a machine's clean snapshot is complete, and of what."""
    return paths.host(name) / "clean"


def is_up(paths: LabPaths, host: PlannedHost) -> bool:
    """Tell whether a host runs and its start was completed.

    A machine without a complete snapshot is what an interrupted `up` left: it starts over.
    """
    if not processes.find(paths.state, host.name):
        return False
    return host.kind == "container" or clean_file(paths, host.name).exists()


def start(
    lab: Lab, host: PlannedHost, image: Path, network: int, cancelled: threading.Event, say: Say
) -> str:
    """Start a stopped host in its clean state; return its state once it is ready.

    Raises ToolError with the log's path.
    """
    what = f"{host.kind}, Debian {host.settings.debian}"
    if host.kind == "machine":
        return start_machine(lab, host, image, cancelled, say)
    say(host.name, f"starting ({what})")
    if container.raise_inotify_limit():
        say(host.name, f"raised {container.INOTIFY} to {container.ENOUGH_INOTIFY}")
    seed = lab.seed(host, match="Name=host0", mac="", resolver="")
    container.start(lab.paths, host.name, image, seed, network, BRIDGE)
    return wait(lab, host, cancelled)


def start_machine(
    lab: Lab, host: PlannedHost, image: Path, cancelled: threading.Event, say: Say
) -> str:
    """Resume a machine from its clean snapshot, or make it one of a machine that was booted."""
    settings = host.settings
    hardware = Hardware(image, host.memory, tuple(settings.disks), tuple(settings.kernel_line))
    new = Machine(
        lab.paths,
        host.name,
        lab.paths.host(host.name),
        hardware,
        lab.ports[host.name],
        lab.paths.state,
    )
    match = f"PermanentMACAddress={machine.LAB_CARD}"
    seed = lab.seed(host, match, machine.mac_address(host), machine.RESOLVER)
    clean, digest = clean_file(lab.paths, host.name), _digest(hardware, seed)
    if clean.exists() and clean.read_text() == digest:
        say(host.name, f"resuming (machine, Debian {host.settings.debian})")
        if new.run(CLEAN):
            return wait(lab, host, cancelled, resumed=True)
    clean.unlink(missing_ok=True)
    _resume_booted(lab, host, new, seed, cancelled, say)
    state = wait(lab, host, cancelled, resumed=True)
    say(host.name, "taking the snapshot of its clean state")
    new.monitor(f"savevm {CLEAN}")
    clean.write_text(digest)
    return state


def _resume_booted(
    lab: Lab,
    host: PlannedHost,
    new: Machine,
    seed: dict[str, SeedFile],
    cancelled: threading.Event,
    say: Say,
) -> None:
    """Start a copy of the booted machine; a damaged one is booted again, once."""
    release = f"debian {host.settings.debian} machine"
    for _ in range(2):
        source = booted.ensure_booted(
            new.hardware,
            lab.paths,
            PATIENCE["machine"],
            cancelled,
            lambda step: say(release, step),
        )
        say(host.name, f"resuming (machine, Debian {host.settings.debian})")
        booted.copy_disks(source, new.hardware, new.folder)
        new.write_seed(seed)
        if new.run(booted.SNAPSHOT):
            return
        cache.remove(source)
    raise ToolError(f"{host.name} could not be resumed; the log is {new.console}")


def restore(lab: Lab, host: PlannedHost, say: Say) -> bool:
    """Put a running machine back into its clean snapshot; False when that can't be."""
    if host.kind == "container" or not is_up(lab.paths, host):
        return False
    say(host.name, "restoring its clean state")
    try:
        machine.restore(lab.paths, host.name, CLEAN)
    except ToolError as error:
        say(host.name, f"starting over: {error}")
        return False
    return True


def stop(paths: LabPaths, name: str) -> None:
    """End a host with everything in it; a disposable host needs no farewell.

    Raises ToolError when something would not die.
    """
    if left := processes.end_all(paths.state, name):
        raise ToolError(f"process {left[0].pid} of {name} does not end; look at it and try again")
    with contextlib.suppress(ToolError):
        container.remove_cgroup(container.lab_cgroup(paths) / name)


def wait(lab: Lab, host: PlannedHost, cancelled: threading.Event, *, resumed: bool = False) -> str:
    """Wait until a host is ready and return its state; one that was resumed gets its clock set."""
    running = processes.find(lab.paths.state, host.name)
    return reach.wait_until_ready(
        lab.paths,
        host.name,
        lab.ports[host.name],
        lambda: any(processes.lives(process) for process in running),
        cancelled,
        PATIENCE[host.kind],
        resumed=resumed,
    )


def _digest(hardware: Hardware, seed: dict[str, SeedFile]) -> str:
    parts = {path: [file.content, file.mode] for path, file in seed.items()}
    text = json.dumps([hardware.digest, parts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
