"""Settings of the kernel: what they are now, and which file decides them at the next boot."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

FILES = "/usr/lib/systemd/systemd-sysctl --cat-config"
"""What systemd-sysctl reads at boot, in its order; Debian 13 does not read /etc/sysctl.conf."""
OLD_FILE = "grep -sE '^[[:space:]]*[^#;[:space:]]' /etc/sysctl.conf"


@dataclass(frozen=True)
class Line:
    """One setting in a file: its name with slashes, a pattern if it has a star."""

    name: str
    value: str | None
    """None where the line only takes a name out of what patterns set"""
    file: str


def now(host: Any, names: list[str]) -> dict[str, str]:
    """Return the settings that the kernel has, by name with slashes."""
    paths = " ".join(name.replace(".", "/") for name in names)
    text = host.run(
        f'cd /proc/sys && for one in {paths}; do [ ! -r "$one" ] || echo "$one $(cat "$one")"; done'
    ).stdout
    return {name: value for name, _, value in (line.partition(" ") for line in text.splitlines())}


def at_boot(host: Any) -> list[Line]:
    """Return the settings of all files that the boot reads, in the order in which they count."""
    found, file = [], "?"
    for line in host.check_output(FILES).splitlines():
        text = line.strip()
        if text.startswith("# /"):
            file = text.removeprefix("# ")
        elif text and text[0] not in "#;":
            name, equals, value = text.removeprefix("-").partition("=")
            if equals or text.startswith("-"):
                found.append(Line(slashed(name.strip()), value.strip() if equals else None, file))
    return found


def winner(lines: list[Line], name: str) -> Line | None:
    """Return the line that decides a setting (sysctl.d(5)): by its name, else by a pattern."""
    own = [line for line in lines if line.name == name]
    if own:
        return own[-1] if own[-1].value is not None else None
    fitting = [line for line in lines if "*" in line.name and fnmatchcase(name, line.name)]
    return fitting[-1] if fitting else None


def vanishing(host: Any, lines: list[Line]) -> list[str]:
    """Return the settings of /etc/sysctl.conf that no boot makes."""
    known = {(line.name, line.value) for line in lines}
    found = []
    for line in host.run(OLD_FILE).stdout.splitlines():
        name, equals, value = line.strip().removeprefix("-").partition("=")
        if equals and (slashed(name.strip()), value.strip()) not in known:
            found.append(line.strip())
    return found


def slashed(name: str) -> str:
    """Return a name as a path: the first separator of the two tells which one separates."""
    first = next((c for c in name if c in "./"), "/")
    return name if first == "/" else name.translate(str.maketrans("./", "/."))
