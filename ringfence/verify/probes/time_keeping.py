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
SETTLED = """\
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    chronyc -c sources 2>/dev/null | grep -q '^.,[*],' && break
    # One that has run for minutes has asked all of its sources often enough.
    age=$(ps -o etimes= -C chronyd 2>/dev/null | sort -n | tail -n 1)
    [ "${age:-999}" -lt 120 ] || break
    sleep 2
done
chronyc -n -c tracking"""


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
    """Return what chronyd says of the clock; None when it doesn't answer.

    A chronyd that has just started is given half a minute to choose a source.
    """
    fields = host.run(SETTLED).stdout.strip().split(",")
    if len(fields) < 14:
        return None
    return Tracking(fields[1], int(fields[2]), float(fields[4]), fields[13])


def asked(host: Any) -> list[Asked]:
    """Return the sources that chronyd asks, those whose name has no address yet too."""
    modes = {}
    for line in host.run("chronyc -c -N authdata -a").stdout.splitlines():
        fields = line.split(",")
        modes[fields[0]] = "" if fields[1] == "-" else fields[1]
    found = []
    for line in host.run("chronyc -c -N sources -a").stdout.splitlines():
        fields = line.split(",")
        name = fields[2]
        found.append(Asked(name, fields[1] == "*", fields[5] != "0", modes.get(name, "")))
    return found


def may_ask(host: Any, addresses: Iterable[str]) -> list[str]:
    """Return those of the addresses that chronyd would answer."""
    words = " ".join(shlex.quote(address) for address in addresses)
    lines = host.run(
        f'for one in {words}; do printf "%s " "$one"; chronyc accheck "$one"; done'
    ).stdout.splitlines()
    return [line.split()[0] for line in lines if line.endswith("208 Access allowed")]
