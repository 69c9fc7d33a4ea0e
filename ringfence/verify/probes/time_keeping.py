"""How a host keeps time: the programs that could set its clock, and what chronyd says of itself.

Source of the columns: chronyc(1), `-c` (values separated by commas).
"""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

PROGRAMS = (
    *("chronyd", "ntpd", "openntpd", "systemd-timesyncd", "ntpd-rs", "ntp-daemon", "sntp"),
    *("ntpdate", "ntpdig", "rdate", "htpdate", "tlsdated", "ptp4l", "phc2sys", "timemaster"),
)
"""Programs that set clocks, by the names of their files."""
UNITS = (
    *("systemd-timesyncd.service", "ntp.service", "ntpd.service", "ntpsec.service"),
    *("openntpd.service", "ntpd-rs.service", "ptp4l*.service", "phc2sys*.service"),
    *("timemaster.service", "htpdate.service", "chronyd-restricted.service"),
)
"""Units of such programs beside chrony's, as Debian's packages name them."""
PORT, COMMAND_PORT = 123, 323
RUNNING = """\
own=$(readlink /proc/1/ns/pid)
find /proc/[0-9]*/exe -maxdepth 0 -printf '%p %l\\n' 2>/dev/null | while read -r link program _; do
    case ${{program##*/}} in {programs}) ;; *) continue ;; esac
    # Those of a container's are of another host.
    [ "$(readlink "${{link%/exe}}/ns/pid")" = "$own" ] || continue
    printf '%s %s\\n' "$(sed -n 's,^0::.*/,,p' "${{link%/exe}}/cgroup")" "$program"
done"""
STATE = """\
asked() { chronyc -c sources 2>/dev/null; }
left=24
until asked | grep -q '^.,[*],' || [ $left = 0 ]; do
    asked | grep -q . || break
    # By now each source nearby was asked since this began, and those outside at a start were.
    [ $left -gt 15 ] || asked | cut -d, -f6 | grep -qvx 0 || break
    left=$((left - 1))
    sleep 2
done
ps -o args= -C chronyd 2>/dev/null | grep -q ' -[[:alnum:]]*x' && echo measures
chronyc -n -c tracking | sed 's/^/tracking,/'
chronyc -c -N authdata -a | sed 's/^/authdata,/'
chronyc -c -N sources -a | sed 's/^/source,/'
timedatectl show -p NTPSynchronized --value | sed 's/^/kernel,/'"""
"""One command for all of it, so that what is said of one moment was asked in one. A chronyd that
has just started, or whose source is just back, is given the time to hear it three times, as it
wants before it follows it: at 16 seconds' distance, three quarters of a minute."""


@dataclass(frozen=True)
class Tracking:
    """What chronyd says of the clock."""

    reference: str
    """the address of the source that it follows; empty without one"""
    stratum: int
    offset: float
    """seconds between the clock and its sources' time"""
    leap: str
    """`Normal`, or `Not synchronised`"""


@dataclass(frozen=True)
class Asked:
    """A source that chronyd asks."""

    name: str
    """its name or address, as it was configured"""
    followed: bool
    reached: bool
    """whether one of the last eight questions was answered"""
    authenticated: str
    """`NTS`, `SK` (a shared key), or empty"""

    def __str__(self) -> str:
        return f"{self.name} by {self.authenticated}" if self.authenticated else self.name


def programs(host: Any) -> dict[str, str]:
    """Return the programs that set clocks and run: the unit to the program's file."""
    text = host.check_output(RUNNING.format(programs="|".join(PROGRAMS)))
    lines = [line.partition(" ") for line in text.splitlines()]
    return {unit or "no unit": program for unit, _, program in lines}


def users_of(host: Any, *ports: int) -> list[str]:
    """Return the processes that send or listen by UDP at ports, at either end."""
    found = set()
    for line in host.check_output("ss -Huanp").splitlines():
        words = line.split()
        if any(end.rpartition(":")[2] in map(str, ports) for end in words[3:5]):
            users = words[5] if len(words) > 5 else 'users:(("unknown"'
            found.add(users.partition('(("')[2].partition('"')[0])
    return sorted(found)


def listeners_at(host: Any, port: int) -> list[str]:
    """Return the addresses at which something takes datagrams for a port."""
    lines = [line.split() for line in host.check_output("ss -Huanp").splitlines()]
    return sorted(words[3] for words in lines if words[3].rpartition(":")[2] == str(port))


def other_units(host: Any) -> dict[str, str]:
    """Return the state of each unit, beside chrony's, that would set the clock."""
    names = " ".join(shlex.quote(unit) for unit in UNITS)
    text = host.check_output(f"systemctl list-unit-files --no-legend {names} || :")
    words = [line.split() for line in text.splitlines() if line.strip()]
    return {unit: state for unit, state, *_ in words}


def unit(host: Any) -> dict[str, str]:
    """Return what systemd says of chrony's unit."""
    text = host.check_output("systemctl show chrony.service -p ActiveState,UnitFileState")
    return dict(line.partition("=")[::2] for line in text.splitlines())


def tracking(host: Any) -> Tracking | None:
    """Return what chronyd says of the clock; None when it doesn't answer."""
    state = _state(host)
    for _, *fields in state.get("tracking", []):
        if len(fields) >= 14:
            # What it corrects is told as good as corrected: while it only measures, by chronyd(8)
            # `-x`, nothing is, and the last offset that it found is the clock's.
            offset = fields[5] if "measures" in state else fields[4]
            return Tracking(fields[1], int(fields[2]), float(offset), fields[13])
    return None


def kernel_is_kept(host: Any) -> str:
    """Return whether the kernel says that its clock is synchronised: `yes` or `no`."""
    return next((fields[1] for fields in _state(host).get("kernel", [])), "")


def asked(host: Any) -> list[Asked]:
    """Return the sources that chronyd asks, those whose name has no address yet too."""
    state = _state(host)
    modes = {name: "" if mode == "-" else mode for _, name, mode, *_ in state.get("authdata", [])}
    return [
        Asked(name, mark == "*", reach != "0", modes.get(name, ""))
        for _, _, mark, name, _, _, reach, *_ in state.get("source", [])
    ]


def _state(host: Any) -> dict[str, list[list[str]]]:
    """Return the lines that a host's chronyd answers, by what they are about."""
    found: dict[str, list[list[str]]] = {}
    for line in host.run(STATE).stdout.splitlines():
        fields = line.split(",")
        found.setdefault(fields[0], []).append(fields)
    return found


def may_ask(host: Any, addresses: Iterable[str]) -> list[str]:
    """Return those of the addresses that chronyd would answer."""
    words = " ".join(shlex.quote(address) for address in addresses)
    lines = host.run(
        f'for one in {words}; do printf "%s " "$one"; chronyc accheck "$one"; done'
    ).stdout.splitlines()
    return [line.split()[0] for line in lines if line.endswith("208 Access allowed")]
