"""After how many wrong passwords pam_faillock locks an account, and for how long."""

from collections.abc import Mapping
from typing import Any

from ringfence.verify.probes.pam_stacks import Entry

FILE = "/etc/security/faillock.conf"
DEFAULTS = {"deny": "3", "fail_interval": "900", "unlock_time": "600"}
"""faillock.conf(5)."""


def configuration(
    host: Any, entry: Entry, file: str = FILE, defaults: Mapping[str, str] = DEFAULTS
) -> dict[str, str]:
    """Return the settings by which one line of a stack works: its own, before those of its file.

    A flag such as even_deny_root has an empty value.
    """
    path = entry.value("conf") or file
    found = dict(defaults)
    for line in host.run("sed 's/#.*//' -- %s", path).stdout.splitlines():
        key, _, value = line.partition("=")
        if key.strip():
            found[key.strip()] = value.strip()
    for argument in entry.arguments:
        key, _, value = argument.partition("=")
        found[key] = value
    return found
