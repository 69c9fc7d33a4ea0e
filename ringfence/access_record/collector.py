"""The archive on the site's collector, over ssh: the files that are asked for, as they lie."""

import shlex
import subprocess
import tempfile
from collections.abc import Generator
from typing import IO

from ringfence.access_record.archive import PIECE, Archive, DayFile, day_file, each_once
from ringfence.errors import ToolError, UsageError
from ringfence.site import Host, Site
from ringfence.site.ssh import ssh_command

ARCHIVE = "/srv/logs"
KEEPALIVE = ("-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3")
READY = b"ringfence: the archive\n"
"""What the collector says first; what a shell's start-up files print comes before it."""
LONGEST_NOISE = 1_048_576
SERVER = """\
cd ARCHIVE || exit
printf 'ringfence: the archive\\n'
find . -mindepth 2 -maxdepth 2 -type f -name '*.jsonl*' -printf '%s %P\\n'
printf '.\\n'
while read -r size name; do
    head -c "$size" "./$name" || exit
done
"""
"""Lists the files, and then sends as much of each as was listed, for an open one grows."""


def collector_of(site: Site) -> Host:
    """Return the host that keeps the site's logs. Raises UsageError when it isn't one host."""
    found = [host for host in site.hosts.values() if host.in_group("log_collector")]
    if len(found) != 1:
        count = "no host" if not found else f"{len(found)} hosts"
        raise UsageError(
            f"{site.name} has {count} in the group log_collector: name the archive's folder with "
            "--archive"
        )
    return found[0]


class Collector(Archive):
    """The archive on a collector. One connection serves a question."""

    def __init__(
        self, ssh: list[str], name: str, become_root: bool, archive: str = ARCHIVE
    ) -> None:
        """Open the connection.

        Args:
            ssh: the OpenSSH client's argument list, the host last.
            name: the collector's, for sentences.
            become_root: whether the archive is read through sudo.
            archive: its folder there.
        """
        self.name = name
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        script = SERVER.replace("ARCHIVE", shlex.quote(archive))
        remote = f"exec {'sudo -n ' if become_root else ''}sh -c {shlex.quote(script)}"
        self._process = subprocess.Popen(
            [ssh[0], "-T", *ssh[1:-1], *KEEPALIVE, ssh[-1], remote],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin, self._process.stdout

    @classmethod
    def of(cls, site: Site) -> "Collector":
        """Open the archive of a site, as the account that deploys. Raises UsageError."""
        host = collector_of(site)
        return cls(ssh_command(site, host), host.name, host.ssh.user != "root")

    def listing(self) -> list[DayFile]:
        """Return every file of a day. Raises ToolError when the collector doesn't answer."""
        noise = 0
        while (line := self._line()) != READY:
            noise += len(line)
            if noise > LONGEST_NOISE:
                raise ToolError(f"{self.name}: its shell's start-up files print without end")
        found = []
        while (line := self._line()) != b".\n":
            size, _, place = line.decode("utf-8", "replace").rstrip("\n").partition(" ")
            host, _, name = place.partition("/")
            file = day_file(host, name, int(size)) if size.isdecimal() else None
            if file is not None:
                found.append(file)
        return each_once(found)

    def pieces(self, file: DayFile) -> Generator[bytes, None, None]:
        """Yield a file as it lies there.

        Raises ToolError when the connection breaks.
        """
        try:
            self._to.write(f"{file.size} {file.host}/{file.name}\n".encode())
            self._to.flush()
        except OSError:
            raise self._why_it_ended() from None
        left = file.size
        try:
            while left:
                piece = self._from.read(min(left, PIECE))
                if not piece:
                    raise self._why_it_ended()
                left -= len(piece)
                yield piece
        finally:
            while left and (piece := self._from.read(min(left, PIECE))):
                left -= len(piece)  # who stopped reading amid a file may read the next

    def close(self) -> None:
        """End the connection."""
        self._process.kill()
        self._process.wait()
        for stream in (self._to, self._from, self._errors):
            try:
                stream.close()
            except OSError:  # what couldn't be sent any more
                continue

    def _line(self) -> bytes:
        line = self._from.readline(LONGEST_NOISE)
        if not line:
            raise self._why_it_ended()
        return line

    def _why_it_ended(self) -> ToolError:
        self._process.wait()
        self._errors.seek(0)
        said = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return ToolError(
            f"{self.name}: the archive can't be read: {said[-1] if said else 'no word'}"
        )
