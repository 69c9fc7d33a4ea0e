"""What of a kernel can be reached: modules that can be loaded, and places where programs run."""

import shlex
from typing import Any

MOUNT = """\
exec 3<{path} || exit
id=$(sed -n 's/^mnt_id:[[:space:]]*//p' /proc/self/fdinfo/3)
grep "^$id " /proc/1/mountinfo"""
"""The mount in which a directory lies, by the number that an open file tells (proc_pid_fdinfo(5)):
where mounts lie over one another, a list of them doesn't tell which counts."""
RUN_THERE = """\
theirs=$(readlink /proc/1/ns/mnt 2>&1)
[ "$(readlink /proc/self/ns/mnt)" = "$theirs" ] || {{ echo not tried there; exit; }}
file=$(mktemp {path}/ringfence.XXXXXX)
printf '#!/bin/sh\\necho ran\\n' >"$file" && chmod 755 "$file"
"$file" 2>/dev/null || echo refused
rm -f -- "$file\""""


def loading(host: Any, modules: list[str]) -> dict[str, str]:
    """Return what modprobe would do to load each module, were it not loaded (modprobe(8), -D)."""
    words = " ".join(modules)
    text = host.run(f'for m in {words}; do echo "$m $(modprobe -D -- "$m" 2>&1 | tail -n 1)"; done')
    return {
        name: how for name, _, how in (line.partition(" ") for line in text.stdout.splitlines())
    }


def loaded(host: Any) -> dict[str, str]:
    """Return the modules that are loaded, with what becomes of each (proc_modules(5))."""
    found = {}
    for line in host.check_output("cat /proc/modules").splitlines():
        name, _, uses, *_ = line.split()
        held = uses != "0" or "[permanent]" in line
        found[name.replace("_", "-")] = "in use until the next boot" if held else "can be unloaded"
    return found


def options(host: Any, path: str) -> list[str]:
    """Return the options of the mount that a directory is; none when it is no mount.

    Whoever may not look where the host's first process looks is told `not seen`.
    """
    # As the host's first process sees it: whoever asks may have a /tmp of its own.
    row = host.run(MOUNT.format(path=shlex.quote(f"/proc/1/root{path}"))).stdout.split()
    if len(row) < 6:
        return ["not seen"]
    return row[5].split(",") if row[4] == path else []


def attempt(host: Any, path: str) -> str:
    """Return what became of a program that was put into a directory: `ran` or `refused`.

    Whoever doesn't see the host's own mounts can't try, and is told so.
    """
    return str(host.check_output(RUN_THERE.format(path=path)).strip())
