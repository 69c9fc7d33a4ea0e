"""The clock: the zone in which a host shows it."""

from collections.abc import Generator

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.clock import Clock, Rivals
from ringfence.facts.shell import call
from ringfence.operations.shell import library, named

UTC = ("UTC", "Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu")
"""The names that tzdata has for one zone (tz's file `backward`)."""

PROGRAMS = (
    *("chronyd", "ntpd", "openntpd", "systemd-timesyncd", "ntpd-rs", "ntp-daemon", "sntp"),
    *("ntpdate", "ntpdig", "rdate", "htpdate", "tlsdated", "ptp4l", "phc2sys", "timemaster"),
)
"""Programs that set clocks, by the names of their files."""


@operation()
def alone(stop: bool) -> Generator[StringCommand, None, None]:
    """Ensure that nothing sets the clock, or speaks NTP, beside chrony's own service.

    With `stop`, services that do are stopped, and processes of no service ended; else they stay.
    """
    found = host.get_fact(Rivals, programs=list(PROGRAMS))
    if not found or not stop:
        host.noop(f"{len(found)} processes keep the time beside chrony's service")
        return
    lines = [
        call("end_service", named(unit, "the unit")) if unit else call("end_process", str(process))
        for process, unit in found
    ]
    yield StringCommand(library("tree") + library("clock") + "\n".join(dict.fromkeys(lines)))


@operation()
def utc() -> Generator[StringCommand, None, None]:
    """Ensure that the host shows UTC: its zone, the environment of services, the hardware's clock.

    A program that runs goes on in its zone until it starts anew; new ones show UTC.
    """
    state = host.get_fact(Clock)
    lines = []
    if state["zone"] not in (*UTC, "missing") or state["name"] not in (*UTC, "missing"):
        lines.append("show_utc")
    if state["manager"] not in ("", *UTC):
        lines.append("forget_zone")
    if state["hardware_is_local"]:
        lines.append("hardware_in_utc")
    if lines:
        opening = ["clean() { :; }", "undo() { :; }", "begin", "committed=yes"]
        yield StringCommand(library("tree") + library("clock") + "\n".join([*opening, *lines]))
    else:
        host.noop("the host shows UTC")
