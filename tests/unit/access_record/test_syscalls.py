"""System calls: numbers as in the kernel's headers, and what the flags of open(2) ask for."""

import platform
import re
from pathlib import Path

import pytest

from ringfence.access_record import syscalls

HEADERS = {
    "unistd_64.h": syscalls.X86_64,
    "unistd_32.h": syscalls.I386,
    "asm-generic/unistd.h": syscalls.GENERIC,
}


@pytest.mark.parametrize("header", HEADERS)
def test_numbers_are_those_of_the_headers(header):
    found = [*Path("/usr/include").glob(f"**/asm/{header}"), *Path("/usr/include").glob(header)]
    if not found and platform.machine() != "x86_64":
        pytest.skip("the kernel's headers are those of this computer's processor")
    assert found, "the kernel's headers are missing: apt-get install linux-libc-dev"
    numbers = {}
    for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", found[0].read_text()):
        numbers.setdefault(name, int(number))
    ours = {name: number for number, name in HEADERS[header].items()}
    newer = set() if "fchmodat2" in numbers else {"fchmodat2"}
    assert {name: numbers.get(name) for name in ours.keys() - newer} == {
        name: number for name, number in ours.items() if name not in newer
    }


def test_every_call_has_a_number_somewhere():
    assert set(syscalls.NUMBERS) == set(syscalls.CALLS)


@pytest.mark.parametrize(
    ("arch", "number", "recorded", "name"),
    [
        ("c000003e", "257", "", "openat"),
        ("40000003", "5", "", "open"),
        ("c00000b7", "56", "", "openat"),
        ("c000003e", "5", "fstat", "fstat"),
        ("40000028", "322", "openat", "openat"),
        ("40000028", "322", "", "syscall 322"),
        ("c000003e", "x", "", "syscall x"),
    ],
)
def test_name_of(arch, number, recorded, name):
    assert syscalls.name_of(arch, number, recorded) == name


@pytest.mark.parametrize(
    ("flags", "kind"),
    [
        (0, "read"),
        (0o100001, "write"),
        (0o2, "read+write"),
        (0o1000, "read+write"),
        (3, "read+write"),
    ],
)
def test_opened_for(flags, kind):
    assert syscalls.opened_for(flags) == kind
