"""What starts a host: the files of its boot loader, and whether the firmware checks signatures."""

from typing import Any

CONFIGURATIONS = (
    "/boot/grub/grub.cfg /boot/grub/user.cfg /boot/grub2/grub.cfg /boot/efi/EFI/*/grub.cfg"
)
SECURE_BOOT = """\
[ -d /sys/firmware/efi ] || exit 0
cd /sys/firmware/efi/efivars &&
    od -An -tu1 -j4 -N1 SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c 2>/dev/null || echo 0"""
"""The variable of the firmware (UEFI specification, 3.3): four bytes of attributes, then 0 or 1."""

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
