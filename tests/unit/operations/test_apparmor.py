"""What turns AppArmor on and lets profiles enforce, run for real on files of this machine."""

import subprocess
from pathlib import Path

import pytest

from ringfence.operations.shell import library

STUBS = "keep() { :; }\nfail() { exit 1; }\n"


def run(function: str, path: Path) -> str:
    script = f'{STUBS}{library("apparmor")}{function} "$1" >/dev/null 2>&1\n'
    subprocess.run(["sh", "-c", script, "sh", str(path)], check=True)
    return path.read_text()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("profile a flags=(complain) {", "profile a {"),
        ("/a flags=(complain,mediate_deleted chroot) {", "/a flags=(mediate_deleted chroot) {"),
        ("/a flags=(complain,chroot, complain) {", "/a flags=(chroot) {"),
        ("/a flags=(attach_disconnected,unconfined) {", "/a flags=(attach_disconnected) {"),
        ("profile a flags=(attach_disconnected) {", "profile a flags=(attach_disconnected) {"),
        ("# profile a flags=(complain) {", "# profile a flags=(complain) {"),
        ("  complain r,", "  complain r,"),
    ],
)
def test_a_profile_loses_the_flags_that_keep_it_from_enforcing(
    before: str, after: str, tmp_path: Path
) -> None:
    file = tmp_path / "profile"
    file.write_text(f"{before}\n")
    assert run("without_flags", file) == f"{after}\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('GRUB_CMDLINE_LINUX="quiet apparmor=0"', 'GRUB_CMDLINE_LINUX="quiet "'),
        ("GRUB_CMDLINE_LINUX=apparmor=0", "GRUB_CMDLINE_LINUX="),
        ("linux /v ro apparmor=0 security=selinux quiet", "linux /v ro  quiet"),
        ("lsm=lockdown,yama quiet", " quiet"),
        ("linux /v ro apparmor=1", "linux /v ro apparmor=1"),
        ("linux /v ro notapparmor=0", "linux /v ro notapparmor=0"),
    ],
)
def test_a_boot_loader_no_longer_turns_apparmor_off(
    before: str, after: str, tmp_path: Path
) -> None:
    file = tmp_path / "loader"
    file.write_text(f"{before}\n")
    assert run("without_words", file).split() == f"{after}\n".split()
