"""After how long an idle shell is closed: by sshd's ChannelTimeout, or by the shell's TMOUT."""

import re
from typing import Any

from ringfence.verify.probes.match_blocks import matches
from ringfence.verify.probes.sshd_configuration import Settings, SshdConfiguration

SHELL = "session:shell"
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
TIME = re.compile(r"([0-9]+)([smhdw]?)", re.IGNORECASE)
READONLY_TMOUT = re.compile(r'^declare -[a-z]*r[a-z]* TMOUT="?([0-9]+)"?$', re.MULTILINE)


def shell_timeouts(configuration: SshdConfiguration) -> list[int | None]:
    """Return, for each connection asked about, the seconds that a shell may idle, or None."""
    return [_shell_timeout(settings) for settings in configuration.by_connection.values()]


def timeout_of_login_shells(host: Any) -> int:
    """Return the seconds of TMOUT that a login shell sets and users can't change; 0 if none."""
    shown = host.run("env -i HOME=/nonexistent PATH=/usr/bin:/bin bash -lc 'readonly -p'").stdout
    found = READONLY_TMOUT.search(shown)
    return int(found[1]) if found else 0


def seconds(text: str) -> int:
    """Return the seconds of a time as sshd_config(5) writes it: ``90``, ``15m``, ``1h30m``."""
    return sum(int(number) * SECONDS[unit.lower()] for number, unit in TIME.findall(text))


def _shell_timeout(settings: Settings) -> int | None:
    """The first channel type that matches decides (sshd_config(5), ChannelTimeout)."""
    for entry in " ".join(settings.get("channeltimeout", [])).split():
        kind, _, timeout = entry.partition("=")
        if matches(SHELL, [kind]):
            return seconds(timeout) or None
    return None
