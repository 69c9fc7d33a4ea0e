"""Core dumps: who may leave its memory on the disk when it dies (core(5))."""

# mypy: disable-error-code="var-annotated"

import re
from typing import Any

from ringfence.verify.probes import units

NOT_ASKED = {"1"}
"""systemd, which gives itself no limit (systemd-system.conf(5))."""
QUESTION = r"""
for _ in 1 2 3 4 5 6 7 8 9 10; do
    processes=$(ps -e -o pid=,ppid=,comm=)
    limits=$(grep -H '^Max core file size' /proc/[0-9]*/limits 2>/dev/null)
    case $processes in
    *" 1 ("* | *" 1 systemd-executo"* | *" 1 "[0-9]*) sleep 0.5 ;;
    *) break ;;
    esac
done
printf '%s\n' "$processes" "$limits"
"""
"""What systemd is just starting has systemd's own limit until it is executed: that is let happen.
Until then it is called something in parentheses, `systemd-executor`, or by the number of the
descriptor that systemd 257 executes (fexecve(3))."""
LIMITS_OF_SESSIONS = (
    "find /etc/security/limits.conf /etc/security/limits.d -name '*.conf' -exec cat {} +"
)
LINE = re.compile(r"^/proc/(\d+)/limits:Max core file size\s+(\S+)\s+(\S+)")


def processes(host: Any) -> dict[str, str]:
    """Return the hard limit of each process, by pid and name; the kernel's threads have none."""
    names, found = {}, {}
    for line in host.check_output(QUESTION).splitlines():
        if match := LINE.match(line):
            if match[1] in names:
                found[f"{names[match[1]]} ({match[1]})"] = match[3]
            continue
        pid, parent, name = line.split(None, 2)
        if pid != "2" and parent != "2" and pid not in NOT_ASKED:
            names[pid] = name
    return found


def services(host: Any) -> dict[str, str]:
    """Return the limit with which systemd starts each service."""
    return {
        values["Id"]: values.get("LimitCORE", "missing")
        for values in units.properties(host).values()
        if values["Id"].endswith(".service") and values["LoadState"] == "loaded"
    }


def allowances(host: Any) -> list[str]:
    """Return the lines that give sessions a hard limit above 0 (limits.conf(5))."""
    found = []
    for line in host.check_output(LIMITS_OF_SESSIONS).splitlines():
        words = line.partition("#")[0].split()
        if len(words) == 4 and words[1] != "soft" and words[2] == "core" and words[3] != "0":
            found.append(" ".join(words))
    return found


def session(host: Any) -> str:
    """Return the hard limit of the session that asks."""
    return str(host.check_output("ulimit -H -c").strip())
