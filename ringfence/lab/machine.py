"""Machines: QEMU with a kernel of its own on a copy-on-write disk over the image. Needs no root.

The first network card is QEMU's user-mode network: sshd is reached through a port on 127.0.0.1, and
the machine reaches Debian's archive. The second is on the lab's network.
"""

import contextlib
import hashlib
import json
import secrets
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from ringfence.errors import ToolError
from ringfence.lab import accelerator, processes, qmp
from ringfence.lab.paths import LabPaths
from ringfence.lab.seed import SeedFile, seed_tar
from ringfence.lab.settings import PlannedHost

RESOLVER = "10.0.2.3"
"""QEMU's user-mode network answers DNS at this address."""
LAB_CARD = "52:54:00:00:00:02"
"""The second card's address as it is built in, the same everywhere: a machine resumes with what it
was booted with, and then gives the card an address of its own."""


@dataclass(frozen=True)
class Hardware:
    """What can't be changed after a machine was booted."""

    image: Path
    memory: int
    disks: tuple[str, ...]
    """The sizes of the extra disks."""
    kernel_words: tuple[str, ...] = ()
    """What the kernel's line has beside the lab's own words."""

    @property
    def kernel_line(self) -> str:
        """The kernel's command line."""
        emulated = () if accelerator.kvm_works() else (accelerator.EMULATED_KERNEL,)
        return " ".join(("root=/dev/vda rw console=ttyS0 quiet", *emulated, *self.kernel_words))

    @cached_property
    def digest(self) -> str:
        """16 hex digits that stand for everything that a snapshot depends on."""
        qemu = [accelerator.flags(accelerator.kvm_works()), self.kernel_line, _version()]
        parts = [str(self.image), self.memory, list(self.disks), qemu, 1]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]

    @property
    def drives(self) -> list[str]:
        """The names of the disks' files: the system's and the extra ones."""
        return ["system.qcow2", *(f"extra{number}.qcow2" for number, _ in enumerate(self.disks, 1))]

    def make_disks(self, folder: Path) -> None:
        """Make fresh disks in a folder."""
        make = ["qemu-img", "create", "-q", "-f", "qcow2"]
        system, *extra = (folder / name for name in self.drives)
        _output([*make, "-b", str(self.image / "disk"), "-F", "raw", str(system)])
        for disk, size in zip(extra, self.disks, strict=True):
            _output([*make, str(disk), size])


@dataclass(frozen=True)
class Machine:
    """One QEMU of a lab; it runs in `folder`, with its disks, so that names need no quoting."""

    paths: LabPaths
    name: str
    folder: Path
    hardware: Hardware
    port: int
    lab: Path
    """The state folder of the lab that it belongs to, for which it can be found and ended."""

    def command(self) -> list[str]:
        """Return QEMU's call."""
        lab = f"unix,local.path={self.paths.sockets}/{self.name}"
        lab += f",remote.type=unix,remote.path={self.paths.sockets}/switch-{self.name}"
        image = self.hardware.image
        return [
            *("qemu-system-x86_64", "-name", self.name, "-machine", "q35"),
            *accelerator.flags(accelerator.kvm_works()),
            *("-m", str(self.hardware.memory), "-nodefaults", "-no-user-config"),
            *("-display", "none", "-kernel", str(image / "vmlinuz")),
            *("-append", self.hardware.kernel_line, "-initrd", str(image / "initrd")),
            *("-fw_cfg", "name=opt/ringfence/seed,file=seed.tar"),
            *("-fw_cfg", "name=opt/ringfence/generation,file=generation"),
            *("-chardev", f"file,id=console,append=on,path={_quoted(self.console)}"),
            *("-serial", "chardev:console"),
            *("-qmp", f"unix:{monitor_socket(self.paths, self.name)},server=on,wait=off"),
            *("-device", "virtio-rng-pci"),
            *(word for drive in self.hardware.drives for word in ("-drive", _drive(drive))),
            *("-netdev", f"user,id=out,hostfwd=tcp:127.0.0.1:{self.port}-:22"),
            *("-device", "virtio-net-pci,netdev=out,romfile=,mac=52:54:00:00:00:01"),
            *("-netdev", f"dgram,id=lab,local.type={lab}"),
            *("-device", f"virtio-net-pci,netdev=lab,romfile=,mac={LAB_CARD}"),
        ]

    @property
    def console(self) -> Path:
        """What the machine prints on its serial line."""
        return self.paths.log(f"{self.name}.console")

    def write_seed(self, seed: Mapping[str, SeedFile]) -> None:
        """Lay the seed ready; a resumed machine sees that its generation is a new one."""
        entropy = SeedFile(secrets.token_hex(256), 0o600)
        content = seed_tar({**seed, "root/.lab-entropy": entropy})
        (self.folder / "seed.tar").touch(0o600)
        (self.folder / "seed.tar").write_bytes(content)
        (self.folder / "generation").write_text(f"{secrets.token_hex(16)}\n")

    def run(self, snapshot: str | None = None) -> bool:
        """Start QEMU, from a snapshot or by booting; False when the snapshot can't be loaded."""
        more = ["-loadvm", snapshot] if snapshot else []
        started = processes.start(
            [*self.command(), *more], self.lab, self.name, self.console, folder=self.folder
        )
        if not snapshot or self.runs(started):
            return True
        processes.end_all(self.lab, self.name)
        return False

    def runs(self, started: "subprocess.Popen[bytes]", patience: float = 60.0) -> bool:
        """Wait until QEMU has loaded its snapshot; False when it ends because it can't."""
        deadline = time.monotonic() + patience
        while started.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(ToolError):
                return "running" in self.monitor("info status", patience)
            time.sleep(0.1)
        return False

    def monitor(self, command: str, timeout: float = 600.0) -> str:
        """Ask QEMU's human monitor. Raises ToolError."""
        return qmp.monitor(monitor_socket(self.paths, self.name), command, timeout)


def monitor_socket(paths: LabPaths, name: str) -> Path:
    """Return the socket of QEMU's monitor."""
    return paths.sockets / f"{name}.qmp"


def restore(paths: LabPaths, name: str, snapshot: str) -> None:
    """Put a running machine back into a snapshot. Raises ToolError."""
    qmp.monitor(monitor_socket(paths, name), f"loadvm {snapshot}")


def cut_power(paths: LabPaths, name: str) -> None:
    """Reset a running machine as when its power fails for a moment. Raises ToolError."""
    qmp.monitor(monitor_socket(paths, name), "system_reset")


def mac_address(host: PlannedHost) -> str:
    """Return a locally administered address that is made of the host's IP address."""
    octets = [0x52, 0x54, *host.address.packed]
    return ":".join(f"{octet:02x}" for octet in octets)


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
