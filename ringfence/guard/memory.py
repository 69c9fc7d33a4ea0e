"""What the site remembers of a host's files comes back with them.

An apply writes `integrity/HOST.yml` before it is known whether its changes stay. What stood there
before waits in the run's folder until that is decided: by the run itself, or by the next one where
it was killed and the host put itself back.
"""

import contextlib
import re
from dataclasses import dataclass, replace
from pathlib import Path

from ringfence import replacing
from ringfence.site.integrity import baseline_file

FOLDER = "remembered"
ACCEPTED = re.compile(rb"^accept:", re.MULTILINE)


@dataclass(frozen=True)
class Memory:
    """The memory of one host's files, and what it was before a run."""

    site: Path
    folder: Path
    """The run's folder."""
    host: str

    @property
    def _copy(self) -> Path:
        return self.folder / FOLDER / f"{self.host}.yml"

    @property
    def _file(self) -> Path:
        return baseline_file(self.site, self.host)

    def of_run(self, run: str) -> "Memory":
        """Return the same of another run of the same site."""
        return replace(self, folder=self.folder.parent / Path(run).name)

    def keep(self) -> None:
        """Keep what is remembered now. Raises OSError when the copy can't be written."""
        self._copy.parent.mkdir(parents=True, exist_ok=True)
        self._copy.write_bytes(self._now())

    def forget(self) -> None:
        """Remove the copy, and with the last one its folder: nothing is undecided any more."""
        self._copy.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # others wait there still
            self._copy.parent.rmdir()

    def put_back(self) -> bool:
        """Remember what was before the run, and tell whether that is anything else.

        What somebody accepted since is left: the next apply makes a baseline of it.
        Raises OSError when the site's file can't be written.
        """
        if not self._copy.exists():
            return False
        before, now = self._copy.read_bytes(), self._now()
        changes = before != now and not ACCEPTED.search(now)
        if changes and before:
            replacing.replace(self._file, before, mode=0o644)
        elif changes:
            self._file.unlink()
        self.forget()
        return changes

    def _now(self) -> bytes:
        return self._file.read_bytes() if self._file.exists() else b""
