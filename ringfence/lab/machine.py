"""Machines: QEMU with a kernel of its own on a copy-on-write disk over the image.

Needs no root. The first network card is QEMU's user-mode network: sshd is reached through a port on
127.0.0.1, and the machine reaches Debian's archive. The second is on the lab's network.
"""

import contextlib
import hashlib
import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ringfence.errors import ToolError
from ringfence.lab import accelerator, processes, qmp
from ringfence.lab.paths import LabPaths
from ringfence.lab.seed import SeedFile, seed_tar
from ringfence.lab.settings import PlannedHost

SNAPSHOT = "clean"
RESOLVER = "10.0.2.3"
"""QEMU's user-mode network answers DNS at this address."""


@dataclass(frozen=True)
class Machine:
    """One machine of a lab: where its files are and what it is made of."""

    paths: LabPaths
    host: PlannedHost
    image: Path
    seed: dict[str, SeedFile]
    port: int

    @property
    def folder(self) -> Path:
        """The folder with its disks and its seed."""
        return self.paths.host(self.host.name)

    def command(self) -> list[str]:
        """Return QEMU's call, to be run in the machine's folder; there names need no quoting."""
        lab = f"unix,local.path={self.paths.sockets}/{self.host.name}"
        lab += f",remote.type=unix,remote.path={self.paths.sockets}/switch-{self.host.name}"
        return [
            *("qemu-system-x86_64", "-name", self.host.name, "-machine", "q35"),
            *accelerator.flags(accelerator.kvm_works()),
            *("-m", str(self.host.memory), "-nodefaults", "-no-user-config", "-display", "none"),
            *("-kernel", str(self.image / "vmlinuz"), "-initrd", str(self.image / "initrd")),
            *("-append", "root=/dev/vda rw console=ttyS0 quiet"),
            *("-fw_cfg", "name=opt/ringfence/seed,file=seed.tar"),
            *("-chardev", f"file,id=console,append=on,path={_quoted(self.console)}"),
            *("-serial", "chardev:console"),
            *("-qmp", f"unix:{monitor_socket(self.paths, self.host.name)},server=on,wait=off"),
            *("-device", "virtio-rng-pci"),
            *(word for disk in self.disks() for word in ("-drive", _drive(disk))),
            *("-netdev", f"user,id=out,hostfwd=tcp:127.0.0.1:{self.port}-:22"),
            *("-device", f"virtio-net-pci,netdev=out,romfile=,mac={mac_address(self.host, 0)}"),
            *("-netdev", f"dgram,id=lab,local.type={lab}"),
            *("-device", f"virtio-net-pci,netdev=lab,romfile=,mac={mac_address(self.host, 1)}"),
        ]

    @property
    def console(self) -> Path:
        """What the machine prints on its serial line."""
        return self.paths.log(f"{self.host.name}.console")

    def disks(self) -> Iterator[str]:
        """Yield the names of its disks: the system's and the extra ones."""
        yield "system.qcow2"
        for number, _ in enumerate(self.host.settings.disks, 1):
            yield f"extra{number}.qcow2"

    def digest(self) -> str:
        """Return the digest of all that a snapshot depends on; ports may change freely."""
        parts = {
            "image": str(self.image),
            "seed": {path: [file.content, file.mode] for path, file in self.seed.items()},
            "host": self.host.settings.model_dump(mode="json"),
            "memory": self.host.memory,
            "command": [word for word in self.command() if "hostfwd" not in word],
            "qemu": _version(),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def has_snapshot(self) -> bool:
        """Tell whether its disks hold the clean state of exactly this machine."""
        try:
            return clean_file(self.paths, self.host.name).read_text() == self.digest()
        except OSError:
            return False

    def start(self) -> bool:
        """Start in the clean state; return whether a snapshot of it was resumed."""
        if self.has_snapshot():
            if self.runs(self.run("-loadvm", SNAPSHOT)):
                return True
            processes.end_all(self.paths.state, self.host.name)
        self.make_disks()
        self.run()
        return False

    def run(self, *more: str) -> "subprocess.Popen[bytes]":
        """Start QEMU."""
        command = [*self.command(), *more]
        return processes.start(
            command, self.paths.state, self.host.name, self.console, folder=self.folder
        )

    def runs(self, started: "subprocess.Popen[bytes]", patience: float = 60.0) -> bool:
        """Wait until QEMU has loaded its snapshot; False when it ends because it can't."""
        deadline = time.monotonic() + patience
        while started.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(ToolError):
                return "running" in qmp.monitor(
                    monitor_socket(self.paths, self.host.name), "info status", timeout=patience
                )
            time.sleep(0.1)
        return False

    def make_disks(self) -> None:
        """Make fresh disks and the seed; the snapshot of the old ones is gone."""
        clean_file(self.paths, self.host.name).unlink(missing_ok=True)
        (self.folder / "seed.tar").write_bytes(seed_tar(self.seed))
        system, *extra = (self.folder / name for name in self.disks())
        make = ["qemu-img", "create", "-q", "-f", "qcow2"]
        _output([*make, "-b", str(self.image / "disk"), "-F", "raw", str(system)])
        for disk, size in zip(extra, self.host.settings.disks, strict=True):
            _output([*make, str(disk), size])

    def save(self) -> None:
        """Take the snapshot of the clean state: memory, processor and disks."""
        qmp.monitor(monitor_socket(self.paths, self.host.name), f"savevm {SNAPSHOT}")
        clean_file(self.paths, self.host.name).write_text(self.digest())


def clean_file(paths: LabPaths, name: str) -> Path:
    """Return the file that says that a machine's snapshot is complete, and of what it is one."""
    return paths.host(name) / "clean"


def monitor_socket(paths: LabPaths, name: str) -> Path:
    """Return the socket of QEMU's monitor."""
    return paths.sockets / f"{name}.qmp"


def restore(paths: LabPaths, name: str) -> None:
    """Put a running machine back into its clean state. Raises ToolError."""
    qmp.monitor(monitor_socket(paths, name), f"loadvm {SNAPSHOT}")


def mac_address(host: PlannedHost, card: int) -> str:
    """Return a locally administered address that is made of the host's IP address."""
    octets = [0x52, 0x54, card, *host.address.packed[1:]]
    return ":".join(f"{octet:02x}" for octet in octets)


def remove_disks(folder: Path) -> None:
    """Remove the disks of a stopped machine, and with them its snapshot."""
    for file in (folder / "clean", folder / "seed.tar", *folder.glob("*.qcow2")):
        file.unlink(missing_ok=True)


def _drive(name: str) -> str:
    # A machine that is thrown away needs no flush to survive a power failure of this computer.
    return f"file={name},format=qcow2,if=virtio,cache=unsafe,discard=unmap"


def _quoted(path: Path) -> str:
    return str(path).replace(",", ",,")


@lru_cache(maxsize=1)
def _version() -> str:
    return _output(["qemu-system-x86_64", "--version"])


def _output(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolError(f"{command[0]} failed: {done.stderr.strip()}")
    return done.stdout
