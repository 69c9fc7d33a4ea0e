"""The room that the archive of logs has, and whether the host's own look for it sees too little.

Sources: statfs(2) by stat(1); systemd.service(5); mount_namespaces(7).
"""

from typing import Any

from ringfence.verify.probes.log_folders import FOLDER

TIMERS = "*log-room*.timer"
FREE = rf"find {FOLDER} -maxdepth 1 -type d -exec stat --file-system --format '%a %b %d %c' {{}} +"
TRIAL = rf"""
service=$(systemctl show --property=Unit --value -- "$1")
command=$(systemctl show --property=ExecStart --value -- "$service" |
    sed -n 's/.*argv\[\]=\([^;]*\) ;.*/\1/p')
[ -n "$command" ] || {{ echo nothing; exit; }}
unshare --mount sh -c 'mount -t tmpfs -o size=1m none {FOLDER} &&
    head -c "$1" /dev/zero >{FOLDER}/taken || exit 100
    if $2 >/dev/null 2>&1; then echo well; else echo fails; fi' sh "$2" "$command"
"""
"""Runs what a timer starts where a small disk, of which a part is taken, stands in the archive's
place; nobody else sees that."""
SIZE = 1 << 20


def free_percent(host: Any) -> float:
    """Return the part of the archive's disk that is free: of its blocks or files, the less.

    Where something is mounted over the folder of a host, that counts, too.
    """
    parts = []
    for line in host.run(FREE).stdout.splitlines():
        blocks_free, blocks, files_free, files = map(int, line.split())
        parts.append(100 * blocks_free / blocks)
        if files:  # some file systems have no number of files that they can hold
            parts.append(100 * files_free / files)
    return round(min(parts, default=-1.0), 1)


def look(host: Any, timer: str, taken_percent: float) -> str:
    """Return what a look for room says of a disk of which a part is taken: ``well`` or ``fails``.

    ``nothing`` is a timer that starts nothing.
    """
    script = "sh -c %s sh %s %s"
    return str(host.run(script, TRIAL, timer, str(int(SIZE * taken_percent / 100))).stdout.strip())
