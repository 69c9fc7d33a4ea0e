"""Which commands the suite asked of a host last time, so that the next run asks them at once.

Nothing but speed depends on this: a command that is missing here is asked when a test needs it.
"""

import hashlib
import json
import os
import tempfile
from pathlib import Path

MOST_KEPT = 50
"""Files of known questions: one for each site and state of the suite."""


def cache_folder() -> Path:
    """Return Ringfence's folder in the user's XDG cache."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "ringfence"


class Questions:
    """The commands known for each host of one site, for one state of the suite."""

    def __init__(self, site: Path, suite: Path) -> None:
        """Read what is known.

        Args:
            site: the site's directory.
            suite: the directory of baseline tests; a change of any of them starts afresh.
        """
        digest = hashlib.sha256(str(site.resolve()).encode())
        for test in sorted(suite.rglob("*.py")):
            digest.update(test.read_bytes())
        self._path = cache_folder() / "questions" / f"{digest.hexdigest()[:32]}.json"
        try:
            self._known: dict[str, list[str]] = json.loads(self._path.read_text())
        except (OSError, ValueError):
            self._known = {}

    def for_host(self, host: str) -> list[str]:
        """Return the commands to ask of ``host``; of a new host, those that all others answer."""
        if host in self._known:
            return self._known[host]
        others = [set(commands) for commands in self._known.values()]
        return sorted(set.intersection(*others)) if others else []

    def learn(self, asked: dict[str, list[str]], whole_suite: bool) -> None:
        """Keep what was ``asked`` by host; a run of part of the suite only adds.

        A cache that can't be written costs speed alone, so it is passed over.
        """
        for host, commands in asked.items():
            known = [] if whole_suite else self._known.get(host, [])
            self._known[host] = list(dict.fromkeys([*known, *commands]))
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self._path.parent, delete=False) as stage:
                json.dump(self._known, stage)
            Path(stage.name).replace(self._path)
            self._forget_the_oldest()
        except OSError:
            return

    def _forget_the_oldest(self) -> None:
        """Keep what was learned last: each change of the suite, and each site, adds a file."""
        files = sorted(self._path.parent.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for path in files[:-MOST_KEPT]:
            path.unlink(missing_ok=True)
