"""The collector's archive, read over ssh: nothing on the collector judges what it holds.

The collector only hands bytes over (find(1), stat(1), head(1)), by one connection. Digests,
signatures and records are judged here, so that a root who is hostile there can withhold or alter,
but not talk the result well.
"""

import contextlib
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from typing import IO

from ringfence.archive.sources import CHAIN, HOST, LARGEST_CHAIN
from ringfence.errors import RingfenceError, ToolError
from ringfence.site import Host, Site
from ringfence.site.ssh import ssh_command

LIVELY = ("-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4")
READY = b"ringfence: the archive\n"
"""What a host says first; what a shell's start-up files print comes before it."""
LONGEST_NOISE = 1 << 20
PIECE = 1 << 20
SERVER = r"""
cd ARCHIVE || exit
printf 'ringfence: the archive\n'
find . -mindepth 1 -maxdepth 2 -printf '%y %s %P\0'
printf '\0\n'
while IFS= read -r path; do
    if [ -f "./$path" ] && size=$(stat -c %s -- "./$path"); then
        printf '%s\n' "$size"
        { head -c "$size" -- "./$path"; head -c "$size" /dev/zero; } | head -c "$size"
    else
        echo gone
    fi
done
"""
"""Lists the archive, then sends the files that are asked for, as long as they are just then: an
open one grows. One that shrinks meanwhile is filled up: nobody waits for what doesn't come."""


class UnansweredError(RingfenceError):
    """A host did not answer, or not to the end (exit code 1)."""

    exit_code = 1


def command_on(site: Site, host: Host, script: str) -> list[str]:
    """Return the call that runs a shell script as root on a host, as the account that deploys."""
    ssh = ssh_command(site, host)
    words = [] if host.ssh.user == "root" else ["sudo", "-n"]
    return [ssh[0], "-T", *LIVELY, *ssh[1:], shlex.join([*words, "sh", "-c", script])]


def ask(site: Site, host: Host, script: str, stdin: str = "") -> bytes:
    """Run a shell script as root on a host and return what it says.

    Raises UnansweredError when the host can't be reached, or when the script fails there.
    """
    words = command_on(site, host, f"printf '{READY.decode().strip()}\\n'; {script}")
    done = subprocess.run(words, input=stdin.encode(), capture_output=True, check=False)
    _, ready, said = done.stdout.partition(READY)
    if done.returncode or not ready:
        raise _failed(host, done.stderr)
    return said


class Collector:
    """The archive on a collector, by one connection.

    Its methods raise UnansweredError when the connection breaks.
    """

    def __init__(self, site: Site, host: Host, folder: str) -> None:
        """Connect, and list the archive. Raises UnansweredError, also for an empty one."""
        self._host = host
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        script = SERVER.replace("ARCHIVE", shlex.quote(folder))
        self._process = subprocess.Popen(
            command_on(site, host, script),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin, self._process.stdout
        try:
            self._files = self._listing()
            if not self._files:
                raise UnansweredError(f"{host.name}: {folder} holds no host's folder yet")
        except BaseException:
            self.close()
            raise

    def hosts(self) -> list[str]:
        """Return the names of the folders, sorted."""
        return sorted(self._files)

    def files(self, host: str) -> dict[str, int | None]:
        """Return what lies in a host's folder: name to size in bytes, None if it is no file."""
        return self._files[host]

    def chain(self, host: str) -> bytes | None:
        """Return a host's chain; None if there is none. Raises ToolError for an absurd one."""
        size = self._files[host].get(CHAIN)
        if size is not None and size > LARGEST_CHAIN:
            raise ToolError(f"{self._host.name}: {host}/{CHAIN} is larger than any chain could be")
        wanted = [] if size is None else [CHAIN]
        return next((piece.read() for _, piece in self.read(host, wanted)), None)

    def read(self, host: str, names: Sequence[str]) -> Iterator[tuple[str, "Piece"]]:
        """Yield files of a host by name, in this order; one that vanished meanwhile is left out."""
        for name in names:
            piece = self._asked(f"{host}/{name}")
            if piece is None:
                continue
            try:
                yield name, piece
            finally:
                piece.drain()  # who stops amid a file may read the next

    def close(self) -> None:
        """End the connection."""
        self._process.kill()
        self._process.wait()
        for stream in (self._to, self._from, self._errors):
            with contextlib.suppress(OSError):  # what couldn't be sent any more
                stream.close()

    def _listing(self) -> dict[str, dict[str, int | None]]:
        noise = 0
        while not (line := self._line()).endswith(READY):
            noise += len(line)
            if noise > LONGEST_NOISE:
                raise ToolError(f"{self._host.name}: its start-up files print without end")
        listed = b""
        while not listed.endswith(b"\0\0\n") and listed != b"\0\n":
            listed += self._line()
        found: dict[str, dict[str, int | None]] = {}
        for entry in sorted(listed.decode("utf-8", "surrogateescape").split("\0")):
            kind, size, path = [*entry.split(" ", 2), "", "", ""][:3]
            name, _, file = path.partition("/")
            if not file and kind == "d" and HOST.fullmatch(name) and name != "lost+found":
                found.setdefault(name, {})
            elif file and name in found:
                found[name][file] = int(size) if kind == "f" else None
        return found

    def _asked(self, path: str) -> "Piece | None":
        try:
            self._to.write(f"{path}\n".encode())
            self._to.flush()
        except OSError:
            raise self._why_it_ended() from None
        said = self._line().strip()
        if said == b"gone":
            return None
        if not said.isdigit():
            raise UnansweredError(f"{self._host.name}: an odd answer about {path}: {said[:80]!r}")
        return Piece(self, int(said))

    def take(self, size: int) -> bytes:
        """Return up to so many bytes of a file that is on its way."""
        data = self._from.read(min(size, PIECE))
        if not data:
            raise self._why_it_ended()
        return data

    def _line(self) -> bytes:
        line = self._from.readline(LONGEST_NOISE)
        if not line:
            raise self._why_it_ended()
        return line

    def _why_it_ended(self) -> UnansweredError:
        self._process.wait()
        self._errors.seek(0)
        return _failed(self._host, self._errors.read())


class Piece:
    """A file on its way from the collector."""

    def __init__(self, collector: Collector, size: int) -> None:
        """Take a file's size in bytes; they come next."""
        self._collector, self._left = collector, size

    def read(self, size: int = -1, /) -> bytes:
        """Return up to so many bytes; all that is left without a size."""
        if size < 0:
            return b"".join(iter(lambda: self.read(PIECE), b""))
        if not self._left or not size:
            return b""
        data = self._collector.take(min(size, self._left))
        self._left -= len(data)
        return data

    def drain(self) -> None:
        """Read what is left, if it comes."""
        with contextlib.suppress(UnansweredError):
            while self.read(PIECE):
                pass


def _failed(host: Host, stderr: bytes) -> UnansweredError:
    said = stderr.decode("utf-8", "replace").strip().splitlines()
    return UnansweredError(f"{host.name}: {said[-1] if said else 'it ended without a word'}")
