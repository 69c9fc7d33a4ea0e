"""What a console and a login show of a host, put together as the programs that show it do."""

from typing import Any

CONSOLE = "script -qec '/sbin/agetty --show-issue' /dev/null </dev/null"
"""agetty(8) shows issue and issue.d with their escapes resolved, and only on a terminal."""
LOGIN = """\
run-parts --lsbsysinit /etc/update-motd.d 2>/dev/null
for place in /etc /run /usr/lib; do
    [ ! -f $place/motd ] || { cat $place/motd; break; }
done
cat /etc/motd.d/* /run/motd.d/* /usr/lib/motd.d/* 2>/dev/null || :"""
"""pam_motd(8): the scripts' output, the first motd, and what lies in motd.d."""
IDENTITY = """\
uname -r; uname -v; uname -n
. /etc/os-release
printf '%s\\n' "$PRETTY_NAME" "$NAME $VERSION_ID" "GNU/Linux" """
PLACES = """\
find /etc/issue /etc/issue.d /etc/motd /etc/motd.d /etc/update-motd.d ! -type l \\
    \\( ! -user root -o ! -group root -o -perm /0022 \\) -printf '%p %u:%g %m\\n' 2>/dev/null"""


def console(host: Any) -> str:
    """Return what a console shows before anybody logs in."""
    return str(host.check_output(CONSOLE))


def login(host: Any) -> str:
    """Return what somebody who has logged in is shown."""
    return str(host.check_output(LOGIN))


def told(host: Any, text: str) -> list[str]:
    """Return what of the host's identity a text tells: kernel, release, name."""
    names = [line.strip() for line in host.check_output(IDENTITY).splitlines()]
    return sorted({name for name in names if name and name.lower() in text.lower()})


def open_to_others(host: Any) -> list[str]:
    """Return the files of notices that others than root own or can change."""
    lines: list[str] = host.run(PLACES).stdout.splitlines()
    return sorted(lines)
