"""Whether KVM really works here, found out by trying, and QEMU's flags with and without it."""

import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

EXIT_PORT = 0xF4
EXPECTED = (0x10 << 1) | 1
"""isa-debug-exit ends QEMU with the byte written, doubled, plus one."""
BOOT_SECTOR = (
    b"\xb0\x10"  # mov al, 0x10
    b"\xba\xf4\x00"  # mov dx, EXIT_PORT
    b"\xee"  # out dx, al
    b"\xf4\xeb\xfd"  # hlt; jmp back to it
).ljust(510, b"\0") + b"\x55\xaa"
PATIENCE = 2.0
"""Seconds for a boot sector: KVM needs 0.2, emulation 0.1. KVM inside a virtual machine whose host
emulates its extensions gets there after 4, and would run a system slower than plain emulation."""


@lru_cache(maxsize=1)
def kvm_works() -> bool:
    """Boot ten bytes under KVM. /dev/kvm may be there, and even open, and still be of no use."""
    if not Path("/dev/kvm").exists():
        return False
    with tempfile.TemporaryDirectory() as folder:
        disk = Path(folder) / "disk"
        disk.write_bytes(BOOT_SECTOR)
        try:
            done = subprocess.run(
                [
                    *("qemu-system-x86_64", "-accel", "kvm", "-m", "16", "-nodefaults"),
                    *("-no-user-config", "-display", "none", "-no-reboot"),
                    *("-device", f"isa-debug-exit,iobase={EXIT_PORT:#x},iosize=4"),
                    *("-drive", f"file={disk},format=raw,if=ide"),
                ],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
    return done.returncode == EXPECTED


EMULATED_KERNEL = (
    "systemd.default_timeout_start_sec=900 systemd.service_watchdogs=no "
    "modprobe.blacklist=kvm_amd,kvm_intel,powernow_k8 norandmaps mitigations=off"
)
"""For the command line of an emulated kernel: on a busy computer a service may take minutes, and
systemd's patience, made for real ones, would kill and restart it until the boot has failed. The
modules suit the emulated processor, cost seconds and are of no use. (Taking the processor's flag
away with `-cpu max,-svm` makes system calls of Debian's kernels fail with EINVAL.)

QEMU before version 8 keeps translated code by virtual address, so that where addresses are random
each process has its libraries translated anew: a command costs 50 ms, and 20 where they are not.
There is no speculation to mitigate in an emulated processor."""


def flags(kvm: bool) -> list[str]:
    """Return QEMU's flags for accelerator and processors.

    An emulated machine has one processor: two wait for one another, and take a fifth more of this
    computer's time for the same work. Whatever a processor has beyond SSE (xsave, avx) is one more
    thing to emulate at each switch between processes, and so is a fifth level of pages (la57):
    without them the same work takes a sixth less.

    QEMU before version 8 computes the flags that cmpxchg16b leaves from an operation that may be
    long past (its helper's `cc_op`). An interrupt before the next comparison saves them, and the
    kernel, which allocates memory with that instruction, dies of a double fault. Where the
    processor has none (cx16), the kernel does without.
    """
    if kvm:
        return ["-accel", "kvm", "-cpu", "host", "-smp", "2"]
    cpu = "max,-xsave,-avx,-avx2,-la57,-cx16"
    return ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", cpu, "-smp", "1"]
