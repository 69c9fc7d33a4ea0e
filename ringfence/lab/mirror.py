"""Where this machine's apt gets Debian from, and how: the lab's hosts use the same."""

import subprocess
from collections.abc import Iterable

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
CODENAMES = {12: "bookworm", 13: "trixie"}
SETTINGS = (
    "Acquire::http::Proxy",
    "Acquire::https::Proxy",
    "Acquire::Check-Date",
    "Acquire::Check-Valid-Until",
)


def parse_targets(lines: Iterable[str]) -> dict[str, str]:
    """Find Debian's archive and its security archive among `REPO-URI|suite|component` lines.

    Returns a dictionary with `main`, `security`, both or neither.
    """
    found: dict[str, str] = {}
    for line in lines:
        uri, _, rest = line.strip().partition("|")
        suite, _, component = rest.partition("|")
        codename, _, pocket = suite.partition("-")
        if component != "main" or codename not in CODENAMES.values() or "debian" not in uri:
            continue
        if pocket in ("", "updates"):
            found.setdefault("main", uri)
        elif pocket == "security":
            found.setdefault("security", uri)
    return found


def sources(release: int, archives: dict[str, str]) -> list[str]:
    """Return the lines of sources.list for a release; none when mmdebstrap is to choose."""
    if "main" not in archives:
        return []
    codename, signed = CODENAMES[release], f"[signed-by={KEYRING}]"
    lines = [
        f"deb {signed} {archives['main']} {codename} main",
        f"deb {signed} {archives['main']} {codename}-updates main",
    ]
    if "security" in archives:
        lines.append(f"deb {signed} {archives['security']} {codename}-security main")
    return lines


def parse_settings(lines: Iterable[str]) -> list[str]:
    """Keep of `apt-config dump` what decides how Debian's archive is reached."""
    kept = []
    for line in lines:
        name, _, value = line.strip().partition(" ")
        if name in SETTINGS and value != '"";':
            kept.append(f"{name} {value.rstrip(';')}")
    return sorted(kept)


def archives_of_this_machine() -> dict[str, str]:
    """Ask apt where Debian comes from; empty when it has no Debian source."""
    wanted = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)"
    command = ["apt-get", "indextargets", "--format", wanted, "Created-By: Packages"]
    return parse_targets(_lines(command))


def settings_of_this_machine() -> list[str]:
    """Ask apt how it reaches Debian's archive."""
    return parse_settings(_lines(["apt-config", "dump"]))


def _lines(command: list[str]) -> list[str]:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return []
    return done.stdout.splitlines()
