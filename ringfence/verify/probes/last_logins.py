"""Whether logins are recorded, and who did not log in for long.

Debian 12 has lastlog(8); from Debian 13 on there is lastlog2(8), with the same options.
"""

import re
from typing import Any

TIMERS = "*inactive*.timer"
SESSION_MODULE = re.compile(r"^session\s+(?:\[[^\]]*\]|\S+)\s+(\S+)", re.MULTILINE)
INCLUDED = re.compile(r"^(?:@include|session\s+(?:include|substack))\s+(\S+)", re.MULTILINE)
RECORDING = {"pam_lastlog.so", "pam_lastlog2.so"}


def logged_in_within(host: Any, days: int) -> set[str]:
    """Return the accounts with a login on record that is not older than ``days``."""
    program = host.run("command -v lastlog2 || command -v lastlog").stdout.strip()
    answer = host.run(f"LC_ALL=C {program or 'lastlog'} -t {days}")
    return {line.split()[0] for line in answer.stdout.splitlines()[1:] if line.strip()}


def day_of_birth(host: Any, home: str) -> int:
    """Return the day since 1970 on which a home was made; 0 when the file system doesn't know."""
    answer = host.run("stat -c %%W -- %s", home)
    return int(answer.stdout.strip() or 0) // 86400 if answer.rc == 0 else 0


def recording_modules(host: Any, service: str) -> set[str]:
    """Return the modules that record a login in the PAM stack of a service, includes and all."""
    found: set[str] = set()
    waiting, seen = [service], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        text = host.run("cat -- %s", f"/etc/pam.d/{name}").stdout
        found |= {module.rpartition("/")[2] for module in SESSION_MODULE.findall(text)}
        waiting += INCLUDED.findall(text)
    return found & RECORDING


def default_days(host: Any) -> str:
    """Return INACTIVE of new accounts: days after a password's expiry, or -1 when it is off."""
    found = re.search(r"^INACTIVE=(-?[0-9]*)$", host.check_output("useradd -D"), re.MULTILINE)
    return found[1] if found else "not set"
