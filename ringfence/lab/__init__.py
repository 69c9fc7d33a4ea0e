"""Disposable real hosts: QEMU machines and systemd-nspawn containers, from a site's lab.yml."""

from ringfence.lab.commands import HostStatus, down, reboot, reset, run_on, status, up
from ringfence.lab.tools import missing_packages

__all__ = ["HostStatus", "down", "missing_packages", "reboot", "reset", "run_on", "status", "up"]
