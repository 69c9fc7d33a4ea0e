"""The kernel's audit and auditd: who takes the records, how they are kept, and since when.

Sources: auditctl(8), auditd(8), auditd.conf(5), kernel-parameters.txt.
"""

from typing import Any

UNIT = "auditd.service"
SHOWN = "ActiveState,UnitFileState,MainPID,Restart,StartLimitIntervalUSec,ActiveEnterTimestamp"
REQUIRED = "systemctl show -p Requires,BindsTo,Requisite --value " + UNIT
REFUSAL = "systemctl show -p Id,CanStop,RefuseManualStop --"
COVER = "awk '$5 == \"/proc/cmdline\" { print $(NF - 2), $4 }' /proc/self/mountinfo"
BOOT_MENU = r"sed -n 's/^[[:space:]]*linux[[:space:]]//p' /boot/grub/grub.cfg"
CHANGED = "stat -c %Z /etc/audit/auditd.conf"
FILES = "find /var/log/audit -printf '%y %u:%g %m %p\\n'"
PLUGIN = "ps --ppid {pid} -o comm= -o args="
CHANGE_LOGIN = """\
read -r before </proc/self/loginuid
[ "$before" != 4294967295 ] || { echo nobody logged in; exit; }
sh -c 'echo 65534 >/proc/self/loginuid' 2>/dev/null && echo became 65534 || echo refused"""


def kernel(host: Any) -> dict[str, str]:
    """Return the state of the kernel's audit by its own names: enabled, pid, lost …"""
    lines = host.run("auditctl -s").stdout.splitlines()
    return {name: value for name, _, value in (line.partition(" ") for line in lines)}


def unit(host: Any) -> dict[str, str]:
    """Return what systemd says of auditd, by property."""
    shown = host.check_output(f"systemctl show --timestamp=unix -p {SHOWN} {UNIT}")
    return dict(line.partition("=")[::2] for line in shown.splitlines())


def stoppable(host: Any) -> list[str]:
    """Return the services that systemd stops by hand, and auditd with them: itself, and those that
    it requires (systemd.unit(5), Requires=)."""
    words = str(host.check_output(REQUIRED)).split()
    units = [UNIT, *sorted({word for word in words if word.endswith(".service")})]
    found = []
    for block in host.check_output(f"{REFUSAL} {' '.join(units)}").split("\n\n"):
        shown = dict(line.partition("=")[::2] for line in block.strip().splitlines())
        if (shown.get("CanStop"), shown.get("RefuseManualStop")) != ("no", "yes"):
            found.append(shown.get("Id", "what systemd does not tell"))
    return found


def line_is_covered(host: Any) -> list[str]:
    """Return what is mounted over /proc/cmdline, which would tell of another line."""
    return str(host.check_output(COVER)).splitlines()


def kernel_line(host: Any) -> list[str]:
    """Return the words with which the running kernel was booted."""
    return str(host.check_output("cat /proc/cmdline")).split()


def boot_menu(host: Any) -> list[list[str]]:
    """Return the words of each kernel that GRUB offers; none where there is no GRUB."""
    return [line.split() for line in host.run(BOOT_MENU).stdout.splitlines()]


def configuration(host: Any) -> dict[str, str]:
    """Return what auditd.conf says, names and values in lower case."""
    found = {}
    for line in host.run("cat /etc/audit/auditd.conf").stdout.splitlines():
        name, equals, value = line.partition("#")[0].partition("=")
        if equals:
            found[name.strip().lower()] = value.strip().lower()
    return found


def is_of_its_configuration(host: Any) -> str:
    """Return whether auditd was started after its configuration changed: `yes`, or since when."""
    started = unit(host).get("ActiveEnterTimestamp", "").removeprefix("@")
    changed = host.run(CHANGED).stdout.strip() or "never"
    if started.isdigit() and changed.isdigit() and int(started) > int(changed):
        return "yes"
    return f"started {started or 'never'}, changed {changed}"


def open_to_others(host: Any) -> list[str]:
    """Return what in the records' directory others than root can read or enter, or that it is
    missing."""
    found = []
    lines = host.run(FILES).stdout.splitlines()
    if not lines:
        return ["/var/log/audit is missing"]
    for line in lines:
        kind, owner, mode, path = line.split(" ", 3)
        if owner != "root:root" or int(mode, 8) & (0o077 if kind == "d" else 0o177):
            found.append(f"{path} {owner} {mode}")
    return found


def plugins(host: Any) -> list[str]:
    """Return the programs to which auditd gives each record."""
    pid = unit(host).get("MainPID", "0")
    lines = host.run(PLUGIN.format(pid=pid if pid != "0" else "4194304")).stdout.splitlines()
    return [line.split(None, 1)[0] for line in lines if line.strip()]


def change_of_login(host: Any) -> str:
    """Return what became of root's attempt to be another person: `refused` if it was (auid)."""
    return str(host.check_output(CHANGE_LOGIN).strip())
