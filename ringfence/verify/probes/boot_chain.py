"""What starts a host: the files of its boot loader, and whether the firmware checks signatures."""

import re
from dataclasses import dataclass, field
from typing import Any

CONFIGURATIONS = (
    "/boot/grub/grub.cfg /boot/grub/user.cfg /boot/grub2/grub.cfg /boot/efi/EFI/*/grub.cfg"
)
SECURE_BOOT = """\
[ -d /sys/firmware/efi ] || exit 0
cd /sys/firmware/efi/efivars &&
    od -An -tu1 -j4 -N1 SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c 2>/dev/null || echo 0"""
"""The variable of the firmware (UEFI specification, 3.3): four bytes of attributes, then 0 or 1."""

MENU = r"""
cat /boot/grub/grub.cfg /boot/grub/custom.cfg 2>/dev/null | sed -nE '
s/(grub\.pbkdf2\.[a-z0-9]+\.[0-9]+)\.[0-9A-Fa-f.]+/\1/
s/^([[:space:]]*password[[:space:]]+[^[:space:]]+)[[:space:]].*/\1/
/^[[:space:]]*(set[[:space:]]+)?(superusers|menuentry_id_option)=/p
/^[[:space:]]*(password|password_pbkdf2|menuentry|submenu)[[:space:]]/p'
"""
"""What the boot menu says of passwords and of entries. Hashes stay on the host."""
ROUNDS = 10_000
"""Of PBKDF2; grub-mkpasswd-pbkdf2's default."""

STATES = ["on", "off", "no UEFI", "another computer's"]


def open_configurations(host: Any) -> list[str]:
    """Return the configurations of boot loaders that others than root may read."""
    text = host.run(
        f'for one in {CONFIGURATIONS}; do [ ! -e "$one" ] || '
        'stat -L -c "%a %U:%G %n" "$one" | grep -vE "^[0-7]?[0-7]00 root:root "; done'
    ).stdout
    # A file system of EFI knows no owners; how it is mounted decides.
    return list(text.splitlines())


def secure_boot(host: Any) -> str:
    """Return `on`, `off`, `no UEFI`, or `another computer's` in a container."""
    if host.run("systemd-detect-virt --quiet --container").rc == 0:
        return "another computer's"
    shown = host.run(SECURE_BOOT).stdout.strip()
    return {"1": "on", "0": "off"}.get(shown, "no UEFI")


@dataclass
class Menu:
    """GRUB's menu, as far as passwords go (GRUB manual, "Using GRUB's authentication")."""

    superusers: list[str] = field(default_factory=list)
    strong: list[str] = field(default_factory=list)
    """accounts with a password that is kept as a hash of enough rounds"""
    weak: list[str] = field(default_factory=list)
    """the others"""
    entries: int = 0
    waiting: list[str] = field(default_factory=list)
    """entries that nobody starts without a password"""


def menu(host: Any) -> Menu | None:
    """Return GRUB's menu; None when there is none."""
    text = host.run(MENU).stdout
    return parsed(text) if text.strip() else None


def parsed(text: str) -> Menu:
    """Read the lines of a menu, in their order: what is set counts for what follows."""
    found, unrestricted, entries = Menu(), False, []
    for line in map(str.strip, text.splitlines()):
        words = line.split()
        if assigned := re.match(r"(?:set\s+)?superusers=(.*)", line):
            found.superusers = (
                re.split(r"[ ,;|&]+", assigned[1].strip("\"'")) if assigned[1] else []
            )
        elif assigned := re.match(r"(?:set\s+)?menuentry_id_option=(.*)", line):
            before = unrestricted and "$menuentry_id_option" in assigned[1]
            unrestricted = before or "--unrestricted" in assigned[1]
        elif words[0] == "password_pbkdf2" and len(words) > 1:
            rounds = re.search(r"pbkdf2\.sha512\.([0-9]+)", line)
            is_strong = rounds is not None and int(rounds[1]) >= ROUNDS
            (found.strong if is_strong else found.weak).append(words[1])
        elif words[0] == "password" and len(words) > 1:
            found.weak.append(words[1])
        elif words[0] in ("menuentry", "submenu"):
            free = "--unrestricted" in line or (unrestricted and "menuentry_id_option" in line)
            entries.append((line[:80], free))
    found.entries = len(entries)
    if found.superusers:
        found.waiting = [title for title, free in entries if not free]
    return found
