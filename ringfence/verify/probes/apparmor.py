"""AppArmor, as its own tools and the kernel tell of it."""

import json
import re
from typing import Any

FOLDER = "/etc/apparmor.d"
KERNEL = "cat /sys/module/apparmor/parameters/enabled"
UNIT = "systemctl show -p UnitFileState -p ActiveState apparmor.service"
NAMES = f"apparmor_parser -N {FOLDER} 2>/dev/null"
DISABLED = f"ls -A {FOLDER}/disable"
LOADERS = "/boot/grub/grub.cfg /boot/loader/entries/*.conf /boot/efi/loader/entries/*.conf"
GRUB = """\
[ -f /etc/default/grub ] || [ -d /etc/default/grub.d ] || exit 0
for file in /etc/default/grub /etc/default/grub.d/*.cfg; do [ ! -f "$file" ] || . "$file"; done
echo "$GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT\""""
HEADS = rf"grep -sE '^[^#]*flags=\(.*unconfined' {FOLDER}/*"
SUMS = rf"grep -slE '^[^#]*flags=\(.*unconfined' {FOLDER}/* | xargs -r md5sum"
HEAD = re.compile(r'^\s*(?:profile\s+)?("[^"]+"|\S+)')
CONFFILES = "dpkg-query -W -f='${Conffiles}\\n'"


def in_the_kernel(host: Any) -> str:
    """Return `Y` where AppArmor is on in the kernel that runs."""
    return host.run(KERNEL).stdout.strip() or "missing"


def boot_words(host: Any) -> dict[str, list[str]]:
    """Return the words that boot loaders tell the kernel, by where they stand."""
    found: dict[str, list[str]] = {}
    for line in host.run(
        f"grep -sHE '^[[:space:]]*(linux|options)[[:space:]]' {LOADERS}"
    ).stdout.splitlines():
        file, _, words = line.partition(":")
        found.setdefault(file, []).extend(words.split())
    found["/etc/default/grub"] = host.run("sh -c %s", GRUB).stdout.split()
    found["/etc/kernel/cmdline"] = host.run("cat /etc/kernel/cmdline 2>/dev/null").stdout.split()
    return found


def against(words: list[str]) -> list[str]:
    """Return those of a kernel's words that turn AppArmor off (kernel-parameters.txt)."""
    found = []
    for word in words:
        name, _, value = word.partition("=")
        if (
            (name == "apparmor" and value.lower()[:1] not in ("1", "y"))
            or (name == "security" and value != "apparmor")
            or (name == "lsm" and "apparmor" not in value.split(","))
        ):
            found.append(word)
    return found


def unit(host: Any) -> dict[str, str]:
    """Return the state of what loads profiles at boot."""
    lines = host.check_output(UNIT).splitlines()
    return dict(line.partition("=")[::2] for line in lines)


def status(host: Any) -> Any:
    """Return what `aa-status` says: `profiles` with their modes, `processes` by program.

    Its JSON begins with a comma where no profile enforces (apparmor 4.1.0).
    """
    text = re.sub(r"\{\s*,", "{", host.run("aa-status --json").stdout)
    return json.loads(text) if text.strip().startswith("{") else {"profiles": {}, "processes": {}}


def in_files(host: Any) -> list[str]:
    """Return the names of all profiles of the files that are not disabled."""
    return sorted(set(host.run(NAMES).stdout.splitlines()))


def disabled(host: Any) -> list[str]:
    """Return the names of the files whose profiles are disabled."""
    return sorted(host.run(DISABLED).stdout.split())


def shipped_unconfined(host: Any) -> list[str]:
    """Return the unconfined profiles of files that are as a package brought them.

    Debian 13 ships dozens: they give programs the right to make user namespaces, and no more.
    """
    sums = dict(line.split("  ", 1)[::-1] for line in host.run(SUMS).stdout.splitlines())
    known = {tuple(line.split()[:2]) for line in host.run(CONFFILES).stdout.splitlines()}
    found = []
    for line in host.run(HEADS).stdout.splitlines():
        path, _, head = line.partition(":")
        named = HEAD.match(head)
        if named and (path, sums.get(path, "")) in known:
            found.append(named[1].strip('"'))
    return found


def unconfined(status: Any) -> list[str]:
    """Return the programs of processes that have a profile and run without."""
    return sorted(
        f"{program} ({process['pid']})"
        for program, found in status["processes"].items()
        for process in found
        if process["status"] == "unconfined"
    )
