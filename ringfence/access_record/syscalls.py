"""What the system calls do to a file, and their numbers on each architecture.

The numbers are those of Linux 6.1, with fchmodat2 of 6.6; a test compares them with the headers of
the computer that it runs on.
"""

from dataclasses import dataclass

READ, WRITE, BOTH = "read", "write", "read+write"
DELETE, RENAME, CREATE, ATTRIBUTES, EXECUTE = "delete", "rename", "create", "attributes", "execute"
OPENING = "open"
"""Stands for what the flags of the call say: read, write or both."""


@dataclass(frozen=True)
class Call:
    """What a system call does, and which of its arguments tell more."""

    kind: str
    flags: int | None = None
    """The argument with the flags of open(2)."""
    directories: tuple[int, ...] = ()
    """The arguments with descriptors of directories, to which the paths are relative."""
    descriptor: int | None = None
    """The argument with the descriptor of the file itself, where no path names it."""


CALLS = {
    "open": Call(OPENING, flags=1),
    "openat": Call(OPENING, flags=2, directories=(0,)),
    "openat2": Call(OPENING, directories=(0,)),
    "open_by_handle_at": Call(OPENING, flags=2),
    "creat": Call(WRITE),
    "truncate": Call(WRITE),
    "truncate64": Call(WRITE),
    "ftruncate": Call(WRITE, descriptor=0),
    "ftruncate64": Call(WRITE, descriptor=0),
    "fallocate": Call(WRITE, descriptor=0),
    "unlink": Call(DELETE),
    "unlinkat": Call(DELETE, directories=(0,)),
    "rmdir": Call(DELETE),
    "rename": Call(RENAME),
    "renameat": Call(RENAME, directories=(0, 2)),
    "renameat2": Call(RENAME, directories=(0, 2)),
    "mkdir": Call(CREATE),
    "mkdirat": Call(CREATE, directories=(0,)),
    "mknod": Call(CREATE),
    "mknodat": Call(CREATE, directories=(0,)),
    "link": Call(CREATE),
    "linkat": Call(CREATE, directories=(0, 2)),
    "symlink": Call(CREATE),
    "symlinkat": Call(CREATE, directories=(1,)),
    "chmod": Call(ATTRIBUTES),
    "fchmod": Call(ATTRIBUTES, descriptor=0),
    "fchmodat": Call(ATTRIBUTES, directories=(0,)),
    "fchmodat2": Call(ATTRIBUTES, directories=(0,)),
    "chown": Call(ATTRIBUTES),
    "chown32": Call(ATTRIBUTES),
    "lchown": Call(ATTRIBUTES),
    "lchown32": Call(ATTRIBUTES),
    "fchown": Call(ATTRIBUTES, descriptor=0),
    "fchown32": Call(ATTRIBUTES, descriptor=0),
    "fchownat": Call(ATTRIBUTES, directories=(0,)),
    "setxattr": Call(ATTRIBUTES),
    "lsetxattr": Call(ATTRIBUTES),
    "fsetxattr": Call(ATTRIBUTES, descriptor=0),
    "removexattr": Call(ATTRIBUTES),
    "lremovexattr": Call(ATTRIBUTES),
    "fremovexattr": Call(ATTRIBUTES, descriptor=0),
    "utime": Call(ATTRIBUTES),
    "utimes": Call(ATTRIBUTES),
    "futimesat": Call(ATTRIBUTES, directories=(0,)),
    "utimensat": Call(ATTRIBUTES, directories=(0,), descriptor=0),
    "utimensat_time64": Call(ATTRIBUTES, directories=(0,), descriptor=0),
    "readlink": Call(READ),
    "readlinkat": Call(READ, directories=(0,)),
    "getxattr": Call(READ),
    "lgetxattr": Call(READ),
    "fgetxattr": Call(READ, descriptor=0),
    "listxattr": Call(READ),
    "llistxattr": Call(READ),
    "flistxattr": Call(READ, descriptor=0),
    "execve": Call(EXECUTE),
    "execveat": Call(EXECUTE, directories=(0,)),
}
"""The calls that a watch with `perm=rwa`, or a rule about refusals, can name (auditctl(8))."""

NUMBERS: dict[str, tuple[int | None, int | None, int | None]] = {
    "open": (2, 5, None),
    "openat": (257, 295, 56),
    "openat2": (437, 437, 437),
    "open_by_handle_at": (304, 342, 265),
    "creat": (85, 8, None),
    "truncate": (76, 92, 45),
    "truncate64": (None, 193, None),
    "ftruncate": (77, 93, 46),
    "ftruncate64": (None, 194, None),
    "fallocate": (285, 324, 47),
    "unlink": (87, 10, None),
    "unlinkat": (263, 301, 35),
    "rmdir": (84, 40, None),
    "rename": (82, 38, None),
    "renameat": (264, 302, 38),
    "renameat2": (316, 353, 276),
    "mkdir": (83, 39, None),
    "mkdirat": (258, 296, 34),
    "mknod": (133, 14, None),
    "mknodat": (259, 297, 33),
    "link": (86, 9, None),
    "linkat": (265, 303, 37),
    "symlink": (88, 83, None),
    "symlinkat": (266, 304, 36),
    "chmod": (90, 15, None),
    "fchmod": (91, 94, 52),
    "fchmodat": (268, 306, 53),
    "fchmodat2": (452, 452, 452),
    "chown": (92, 182, None),
    "chown32": (None, 212, None),
    "lchown": (94, 16, None),
    "lchown32": (None, 198, None),
    "fchown": (93, 95, 55),
    "fchown32": (None, 207, None),
    "fchownat": (260, 298, 54),
    "setxattr": (188, 226, 5),
    "lsetxattr": (189, 227, 6),
    "fsetxattr": (190, 228, 7),
    "removexattr": (197, 235, 14),
    "lremovexattr": (198, 236, 15),
    "fremovexattr": (199, 237, 16),
    "utime": (132, 30, None),
    "utimes": (235, 271, None),
    "futimesat": (261, 299, None),
    "utimensat": (280, 320, 88),
    "utimensat_time64": (None, 412, None),
    "readlink": (89, 85, None),
    "readlinkat": (267, 305, 78),
    "getxattr": (191, 229, 8),
    "lgetxattr": (192, 230, 9),
    "fgetxattr": (193, 231, 10),
    "listxattr": (194, 232, 11),
    "llistxattr": (195, 233, 12),
    "flistxattr": (196, 234, 13),
    "execve": (59, 11, 221),
    "execveat": (322, 358, 281),
}
"""The number of each call: asm/unistd_64.h, asm/unistd_32.h, asm-generic/unistd.h."""
X86_64, I386, GENERIC = (
    {number: name for name, at in NUMBERS.items() if (number := at[which]) is not None}
    for which in range(3)
)
ARCHITECTURES = {
    "c000003e": X86_64,
    "40000003": I386,
    "c00000b7": GENERIC,  # aarch64
    "c00000f3": GENERIC,  # riscv64
}
"""The names by number, for each `arch` that a record can have (AUDIT_ARCH_* of linux/audit.h)."""


def name_of(arch: str, number: str, recorded: str = "") -> str:
    """Return a system call's name: by its number, else as recorded, else `syscall NUMBER`."""
    known = ARCHITECTURES.get(arch, {}).get(int(number) if number.isdecimal() else -1)
    return known or recorded or f"syscall {number}"


def opened_for(flags: int) -> str:
    """Return what the flags of open(2) ask for: O_ACCMODE, and O_TRUNC, which empties the file."""
    mode = (READ, WRITE, BOTH, BOTH)[flags & 3]
    return BOTH if mode == READ and flags & 0o1000 else mode
