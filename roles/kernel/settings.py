"""What a site decides about the kernels of its hosts: modules, mounts, and settings by group."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from ringfence.site import Host, Section
from ringfence.site.section import Line

MODULE = r"^[a-z0-9][a-z0-9_-]{0,63}$"
MODULES = {
    "cramfs": "file system of small devices",
    "freevxfs": "file system of Veritas",
    "hfs": "file system of old Macs",
    "hfsplus": "file system of Macs",
    "jffs2": "file system of flash memory",
    "udf": "file system of DVDs",
    "dccp": "transport that nothing here uses",
    "rds": "sockets of clusters",
    "sctp": "transport of SS7 and Diameter",
    "tipc": "sockets of clusters",
    "firewire-core": "a bus that reads memory",
}
"""Modules that hosts of a contact center have no use for, and what they are."""


@dataclass(frozen=True)
class Sysctl:
    """A setting of the kernel. A `*` stands for every interface, `all` and `default` too."""

    name: str
    values: tuple[str, ...]
    """the value to set, and those that are as good"""
    may_be_missing: bool = False
    """whether not every kernel has it"""

    @property
    def is_of_the_network(self) -> bool:
        """Whether each network namespace, and so each container, has its own."""
        return self.name.startswith(("net.ipv4.", "net.ipv6."))


KERNEL = (
    # Old line disciplines of terminals are loaded for root alone (CVE-2017-2636 was in one).
    Sysctl("dev.tty.ldisc_autoload", ("0",)),
    Sysctl("fs.protected_fifos", ("2",)),
    Sysctl("fs.protected_hardlinks", ("1",)),
    Sysctl("fs.protected_regular", ("2",)),
    Sysctl("fs.protected_symlinks", ("1",)),
    Sysctl("fs.suid_dumpable", ("0",)),
    Sysctl("kernel.dmesg_restrict", ("1",)),
    Sysctl("kernel.kexec_load_disabled", ("1",)),
    Sysctl("kernel.kptr_restrict", ("2",)),
    Sysctl("kernel.randomize_va_space", ("2",)),
    # Once it is 1 it stays so until the next boot.
    Sysctl("kernel.unprivileged_bpf_disabled", ("1", "2")),
    Sysctl("kernel.yama.ptrace_scope", ("1", "2", "3")),
    Sysctl("net.core.bpf_jit_harden", ("2",)),
)
NETWORK = (
    Sysctl("net.ipv4.conf.*.accept_redirects", ("0",)),
    Sysctl("net.ipv4.conf.*.accept_source_route", ("0",)),
    Sysctl("net.ipv4.conf.*.log_martians", ("1",)),
    Sysctl("net.ipv4.conf.*.secure_redirects", ("0",)),
    Sysctl("net.ipv4.conf.*.send_redirects", ("0",)),
    Sysctl("net.ipv4.icmp_echo_ignore_broadcasts", ("1",)),
    Sysctl("net.ipv4.icmp_ignore_bogus_error_responses", ("1",)),
    Sysctl("net.ipv4.tcp_syncookies", ("1",)),
    Sysctl("net.ipv6.conf.*.accept_redirects", ("0",)),
    Sysctl("net.ipv6.conf.*.accept_source_route", ("0", "-1")),
)
OPEN_PLACES = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - judged, not used
STRICT = ("nodev", "noexec", "nosuid")


def _mount_point(text: str) -> str:
    if not text.startswith("/") or "//" in text or text.endswith("/"):
        raise ValueError("must be an absolute path, without // and a / at its end")
    if {".", ".."} & set(text.split("/")):
        raise ValueError("must not go through . or ..")
    return text


Directory = Annotated[
    str,
    AfterValidator(_mount_point),
    StringConstraints(pattern=r"^/[A-Za-z0-9._/-]+$", max_length=200),
]


class NeededModule(Section):
    """A module that hosts need although most hosts of a contact center don't."""

    groups: list[Line] = Field(min_length=1)
    """The groups on whose hosts it is needed."""
    module: Annotated[str, StringConstraints(pattern=MODULE)]
    """Its name, such as sctp."""
    purpose: Line
    """What it is for, for the auditor who reads the list."""


class DataMount(Section):
    """A directory of data on which nothing is run."""

    groups: list[Line] = Field(min_length=1)
    """The groups on whose hosts it lies."""
    path: Directory
    """The directory; one that is no file system of its own is mounted on itself."""


class Executable(Section):
    """A place for temporary files in which programs must run."""

    groups: list[Line] = Field(min_length=1)
    """The groups on whose hosts they must."""
    path: Directory
    """The directory, such as /tmp."""
    purpose: Line
    """Which program needs it, for the auditor."""


class Settings(Section):
    """The kernels of hosts: modules, mounts, and settings by what the hosts are for."""

    modules: list[NeededModule] = Field(default_factory=list)
    """Modules that are needed beside those that the product leaves alone."""
    data_mounts: list[DataMount] = Field(default_factory=list)
    """Directories of data on which nothing is run."""
    executable: list[Executable] = Field(default_factory=list)
    """Places for temporary files in which programs must run."""
    loose_reverse_path: list[Line] = Field(default=["vpn_gateway", "pbx"])
    """The groups whose hosts take packets by another interface than the one that leads back, as
    hosts on several networks must; elsewhere such packets are dropped (rp_filter 1)."""
    router_advertisements: list[Line] = Field(default_factory=list)
    """The groups whose hosts take IPv6 addresses and routes from whatever router speaks first."""
    user_namespaces: list[Line] = Field(default=["agents"])
    """The groups whose accounts may make user namespaces, as the sandboxes of browsers do."""

    core_dumps: list[Line] = Field(default_factory=list)
    """The groups whose processes may leave their memory on the disk when they die, with all that
    was in it, such as card numbers; for the days on which a maker looks for a fault."""

    def modules_of(self, host: Host) -> list[str]:
        """Return the modules that a host may not load."""
        needed = {
            each.module.replace("_", "-")
            for each in self.modules
            if any(host.in_group(group) for group in each.groups)
        }
        return [module for module in MODULES if module not in needed]

    def sysctls_of(self, host: Host) -> list[Sysctl]:
        """Return the settings of a host's kernel."""
        reverse_path = ("2", "1") if self._named(self.loose_reverse_path, host) else ("1",)
        namespaces = "1" if self._named(self.user_namespaces, host) else "0"
        found = [
            *KERNEL,
            Sysctl("kernel.unprivileged_userns_clone", (namespaces,), may_be_missing=True),
            *NETWORK,
            Sysctl("net.ipv4.conf.*.rp_filter", reverse_path),
        ]
        if not self.takes_advertisements(host):
            found.append(Sysctl("net.ipv6.conf.*.accept_ra", ("0",)))
        return found

    def may_dump(self, host: Host) -> bool:
        """Whether a host's processes may leave core dumps."""
        return self._named(self.core_dumps, host)

    def takes_advertisements(self, host: Host) -> bool:
        """Whether a host takes IPv6 addresses and routes from routers."""
        return self._named(self.router_advertisements, host)

    def mounts_of(self, host: Host) -> dict[str, tuple[str, ...]]:
        """Return the directories of a host that are mounted with options that must be there."""
        runs = {each.path for each in self.executable if self._named(each.groups, host)}
        found: dict[str, tuple[str, ...]] = dict.fromkeys(OPEN_PLACES, STRICT)
        found["/home"] = ("nodev", "nosuid")
        found.update(
            {each.path: STRICT for each in self.data_mounts if self._named(each.groups, host)}
        )
        return {
            path: tuple(option for option in options if option != "noexec" or path not in runs)
            for path, options in found.items()
        }

    @staticmethod
    def _named(groups: list[str], host: Host) -> bool:
        return any(host.in_group(group) for group in groups)


def mount_units(paths: Iterable[str]) -> list[str]:
    """Return the names of the units that systemd has for mounts on some paths (systemd.unit(5))."""
    kept = re.compile(r"[A-Za-z0-9:_.]")
    return [
        "".join(
            "-" if c == "/" else c if kept.match(c) else f"\\x{ord(c):02x}" for c in path.strip("/")
        )
        + ".mount"
        for path in paths
    ]
