"""What the kernel records: each rule by what it is for (audit.rules(7), auditctl(8))."""

from dataclasses import dataclass

ARCHES = ("b64", "b32")
"""A program of 32 bits asks the same kernel by other numbers, so that each rule stands twice."""

OPENING = ("open", "openat", "openat2", "open_by_handle_at")
ALTERING = (
    *("creat", "truncate", "ftruncate", "mkdir", "mkdirat", "rmdir", "mknod", "mknodat"),
    *("unlink", "unlinkat", "rename", "renameat", "renameat2"),
    *("link", "linkat", "symlink", "symlinkat"),
)
ATTRIBUTES = (
    *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat"),
    *("setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"),
)
TOUCHING = (*OPENING, *ALTERING, *ATTRIBUTES)
"""Every call by which somebody opens, changes, moves or deletes a file, or changes who may."""
BY_NAME = tuple(
    name
    for name in TOUCHING
    if name not in ("ftruncate", "fchmod", "fchown") and "xattr" not in name
)
"""Those of them that are denied because of a place. `cp -p` and `tar` are denied the others by the
thousand."""

OF_32_BITS = {
    "truncate": ("truncate64",),
    "ftruncate": ("ftruncate64",),
    "chown": ("chown32",),
    "fchown": ("fchown32",),
    "lchown": ("lchown32",),
    "settimeofday": ("stime",),
    "clock_settime": ("clock_settime64",),
    "clock_adjtime": ("clock_adjtime64",),
}
"""Calls that a program of 32 bits has beside those of the same name."""
BY_NUMBER = {"fchmodat2": "452"}
"""Calls that auditctl of Debian 12 doesn't know by name, though a newer kernel may have them."""
OF_64_BITS = ("kexec_file_load", "kexec_load")
"""Calls that it hasn't, or by no name that auditctl knows."""

PERSON = "auid!=-1"
"""The process descends from a login (auid: the person's number, which su and sudo keep). Services
have none: what they do to their own data is for their own logs to tell."""


@dataclass(frozen=True)
class Rule:
    """One rule, for both architectures: what is recorded when these calls end so, in this place."""

    key: str
    """the word by which its records are found"""
    calls: tuple[str, ...]
    fields: tuple[str, ...] = ()
    """conditions, all of which hold: `dir=/etc`, `perm=wa`, `exit=-EACCES`, `uid!=euid` …"""

    def calls_of(self, arch: str) -> tuple[str, ...]:
        """Return the calls by the names that an architecture knows; none if it has none of them."""
        if arch == "b64":
            return self.calls
        more = tuple(other for name in self.calls for other in OF_32_BITS.get(name, ()))
        return (*(name for name in self.calls if name not in OF_64_BITS), *more)

    def words_of(self, arch: str) -> list[str]:
        """Return those calls as auditctl of both Debians takes them."""
        return [BY_NUMBER.get(name, name) for name in self.calls_of(arch)]


@dataclass(frozen=True)
class Place:
    """A file or directory whose changes are recorded, whoever makes them, where a host has it."""

    path: str
    key: str
    groups: tuple[str, ...] = ("all",)
    permissions: str = "wa"
    """which kinds of access: read, write, attributes"""
    people: bool = False
    """whether only those of people, not of services"""

    def rule(self, is_directory: bool) -> Rule:
        """Return its rule. A rule of a directory counts for all that lies in it."""
        where = f"{'dir' if is_directory else 'path'}={self.path}"
        fields = (where, f"perm={self.permissions}", *((PERSON,) if self.people else ()))
        return Rule(self.key, TOUCHING, fields)


def places(key: str, *paths: str, groups: tuple[str, ...] = ("all",)) -> tuple[Place, ...]:
    """Return places that share a key."""
    return tuple(Place(path, key, groups) for path in paths)


PLACES = (
    *places("identity", "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"),
    *places("identity", "/etc/security/opasswd", "/etc/sudoers", "/etc/sudoers.d"),
    *places("authentication", "/etc/pam.d", "/etc/security", "/etc/ssh", "/root/.ssh"),
    *places("network", "/etc/nftables.conf", "/etc/hosts", "/etc/network", "/etc/wireguard"),
    *places("audit-configuration", "/etc/audit", "/etc/libaudit.conf"),
    *places("ringfence", "/etc/ringfence", "/usr/local/lib/ringfence"),
    *places("telephony", "/etc/asterisk", "/etc/freeswitch", groups=("pbx",)),
    *places("telephony", "/etc/kamailio", "/etc/opensips", "/etc/rtpengine", groups=("pbx",)),
    *places("database", "/etc/postgresql", "/etc/mysql", groups=("database",)),
    *places("schedules", "/var/spool/cron"),
    *places("configuration", "/etc", "/boot", "/usr/local"),
    Place("/var/log/audit", "audit-log", permissions="rwa"),
    # The journal and the daemons write here all the time; who reads or changes logs is a person.
    Place("/var/log", "log-access", permissions="rwa", people=True),
)
"""In this order: the first rule that fits decides the key."""

CALLS = (
    Rule("time-change", ("settimeofday", "clock_settime")),
    # Time daemons adjust the clock every few seconds.
    Rule("time-change", ("adjtimex", "clock_adjtime"), (PERSON,)),
    Rule("network", ("sethostname", "setdomainname")),
    Rule("modules", ("init_module", "finit_module", "delete_module")),
    Rule("modules", ("kexec_load", "kexec_file_load")),
    # systemd mounts for each service that it sandboxes.
    Rule("mounts", ("mount", "umount2", "move_mount", "fsmount", "mount_setattr"), (PERSON,)),
)
ROOT_COMMANDS = Rule("root-command", ("execve", "execveat"), ("euid=0", PERSON))
"""Each program that a person runs as root, by sudo or otherwise (PCI DSS 10.2.1.2)."""
PRIVILEGED = (
    Rule("privileged", ("execve", "execveat"), ("uid!=euid", PERSON)),
    Rule("privileged", ("execve", "execveat"), ("gid!=egid", PERSON)),
)
"""Programs that lend rights (setuid, setgid): all of them, those too that are made tomorrow."""
DENIED = (
    Rule("access-denied", BY_NAME, ("exit=-EACCES", PERSON)),
    Rule("access-denied", BY_NAME, ("exit=-EPERM", PERSON)),
)
"""A rule of a directory doesn't see what is denied on the way to it; these see all of it."""


def of_data(path: str) -> Rule:
    """Return the rule of the access record of a directory of personal data.

    Opening to read or write, altering, moving, deleting: by calls rather than by `perm=rwa`, of
    which listing a directory's access lists is part, once a file.
    """
    return Rule("access-record", TOUCHING, (f"dir={path}", PERSON))
