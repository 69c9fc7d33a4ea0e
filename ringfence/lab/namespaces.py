"""Network namespaces and TAP devices by system call; they leave no file or name behind."""

import ctypes
import fcntl
import os
import struct
from pathlib import Path

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def enter_new_network() -> None:
    """Move this process into a network namespace of its own, which ends with its last process."""
    _check(_libc.unshare(CLONE_NEWNET), "a new network namespace")


def enter_network_of(pid: int) -> None:
    """Move this process into the network namespace of another (setns(2))."""
    descriptor = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(_libc.setns(descriptor, CLONE_NEWNET), f"the network namespace of process {pid}")
    finally:
        os.close(descriptor)


def same_network(pid: int, other: int) -> bool:
    """Tell whether two processes share a network namespace; False when either is gone."""
    try:
        return Path(f"/proc/{pid}/ns/net").stat() == Path(f"/proc/{other}/ns/net").stat()
    except OSError:
        return False


def open_tap(name: str) -> int:
    """Make a TAP device in this network namespace; it goes when the descriptor is closed."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    request = struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI)
    try:
        fcntl.ioctl(descriptor, TUNSETIFF, request)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
