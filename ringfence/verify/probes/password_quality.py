"""How strong a new password must be: as pwscore judges, and as libpwquality reads its files."""

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

MAIN = "/etc/security/pwquality.conf"
READ = f"""\
for file in $(LC_ALL=C ls -1 {MAIN}.d/*.conf 2>/dev/null) {MAIN}; do
    [ ! -f "$file" ] || sed 's/#.*//' -- "$file"; echo
done"""


def verdict(host: Any, password: str, user: str = "") -> str:
    """Return what pwscore says of a password: `good`, or why it refuses it.

    The password is one that nobody has: what a baseline test asks is kept in its run.
    """
    words = f"pwscore {shlex.quote(user)}" if user else "pwscore"
    answer = host.run(f"printf '%%s\\n' %s | {words}", password)
    if answer.rc == 0:
        return "good"
    lines = [line.strip() for line in answer.stderr.splitlines() if line.strip()]
    return " ".join(lines) or f"pwscore ended with {answer.rc}"


def asks_for_more(said: str) -> bool:
    """Whether a verdict is about length or mix alone, which is judged before the dictionary."""
    return re.search("shorter than|character classes", said) is not None


def cracklib_verdict(host: Any, password: str) -> str:
    """Return what cracklib's dictionary, which libpwquality asks last, says of a password."""
    answer = host.run("printf '%%s\\n' %s | cracklib-check", password)
    return str(answer.stdout.strip() or answer.stderr.strip()).rpartition(": ")[2]


def configuration(host: Any) -> dict[str, str]:
    """Return the settings of libpwquality: the drop-ins in ASCII order, then the main file.

    The last value wins (pwquality.conf(5)); a flag has an empty one.
    """
    found = {}
    for line in host.check_output(READ).splitlines():
        key, _, value = line.partition("=")
        words = key.split()
        if words:
            found[words[0]] = value.strip() or " ".join(words[1:])
    return found


def with_arguments(settings: Mapping[str, str], arguments: Iterable[str]) -> dict[str, str]:
    """Return settings as a line of pam_pwquality changes them (pam_pwquality(8))."""
    changed = dict(settings)
    for argument in arguments:
        key, _, value = argument.partition("=")
        changed[key] = value
    return changed
