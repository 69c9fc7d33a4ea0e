"""Which commands the suite asked of a host last time, so that the next run asks them at once.

They are known by the control whose tests asked them: who wants one control's verdict waits for its
commands alone. Nothing but speed depends on this: a command that is missing here is asked when a
test needs it.
Each host has a file of its own: parts of a site's hosts are judged side by side (`groups`).
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

Asked = dict[str, list[str]]
"""The commands that each control's tests asked of one host, in their order."""
MOST_KEPT = 50
"""Folders of known questions: one for each site and state of the suite."""


def cache_folder() -> Path:
    """Return Ringfence's folder in the user's XDG cache."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "ringfence"


class Questions:
    """The commands known for each host of one site, for one state of the suite."""

    def __init__(self, site: Path, suite: Path) -> None:
        """Find what is known.

        Args:
            site: the site's directory.
            suite: the directory of baseline tests; a change of any of them starts afresh.
        """
        digest = hashlib.sha256(str(site.resolve()).encode())
        for test in sorted(suite.rglob("*.py")):
            digest.update(test.read_bytes())
        self._folder = cache_folder() / "questions" / digest.hexdigest()[:32]

    def for_host(self, host: str, controls: Iterable[str] | None = None) -> list[str]:
        """Return the commands to ask of a host; of a new host, those that all others answer.

        Args:
            host: the host's name.
            controls: the controls that are judged; None means all.
        """
        known = self.by_control(host)
        wanted = set(known if controls is None else controls)
        chosen = [control for control in known if control in wanted]
        return list(dict.fromkeys(command for control in chosen for command in known[control]))

    def by_control(self, host: str) -> Asked:
        """Return the same for all controls, by control."""
        known = _read(self._file(host))
        return self._asked_of_all if known is None else known

    def learn(self, asked: dict[str, Asked], whole_suite: bool) -> None:
        """Keep what was ``asked`` by host; of a run of part of the suite, in place of that part.

        A cache that can't be written costs speed alone, so it is passed over.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for host, now in asked.items():
                before = {} if whole_suite else _read(self._file(host)) or {}
                with tempfile.NamedTemporaryFile("w", dir=self._folder, delete=False) as stage:
                    json.dump(before | now, stage)
                Path(stage.name).replace(self._file(host))
            os.utime(self._folder)
            self._forget_the_oldest()
        except OSError:
            return

    @cached_property
    def _asked_of_all(self) -> Asked:
        common: Asked = {}
        for path in self._folder.glob("*.json"):
            for control, commands in (_read(path) or {}).items():
                agreed = set(common.get(control, commands))
                common[control] = [command for command in commands if command in agreed]
        return common

    def _file(self, host: str) -> Path:
        return self._folder / f"{host}.json"

    def _forget_the_oldest(self) -> None:
        """Keep what was learned last: each change of the suite, and each site, adds a folder."""
        folders = sorted(self._folder.parent.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for path in folders[:-MOST_KEPT]:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _read(path: Path) -> Asked | None:
    try:
        asked = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return asked if isinstance(asked, dict) else None
