"""When timers of a host start again what they start.

While that begins, runs or ends, systemd knows no next time (systemd.timer(5)): it is let end. All
is one question, for those of a host are asked in an order of their own.
"""

from dataclasses import dataclass
from typing import Any

QUESTION = """\
for timer in $(systemctl list-unit-files --no-legend --type=timer %s | cut -d' ' -f1); do
    enabled=$(systemctl is-enabled "$timer") active=$(systemctl is-active "$timer")
    for _ in $(seq 90); do
        next=$(systemctl list-timers --all -o json "$timer" | grep -o '"next":[0-9]*')
        next=${next#*:}
        [ "$active" = active ] && [ "${next:-0}" -eq 0 ] || break
        sleep 1
    done
    echo "$timer $enabled $active ${next:-0} $(date +%%s)"
done"""


@dataclass(frozen=True)
class NextRun:
    """A timer that is enabled and active."""

    timer: str
    hours: float
    """until the next time; 999 when systemd knows of none"""


def due(host: Any, pattern: str) -> list[NextRun]:
    """Return the timers that are enabled and active, of those whose names match a pattern."""
    found = []
    for line in host.run(QUESTION, pattern).stdout.splitlines():
        timer, enabled, active, following, now = line.split()
        if (enabled, active) == ("enabled", "active"):
            hours = (int(following) / 1e6 - int(now)) / 3600 if int(following) else 999.0
            found.append(NextRun(timer, round(hours, 2)))
    return found
