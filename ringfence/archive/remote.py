"""The collector's archive, read over ssh: nothing on the collector judges what it holds.

The collector only hands bytes over (find(1), tar(1)). Digests, signatures and records are judged
here, so that a root who is hostile there can withhold or alter, but not talk the result well.
"""

import shlex
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from ringfence.archive.records import Readable
from ringfence.archive.sources import CHAIN, HOST, LARGEST_CHAIN
from ringfence.errors import RingfenceError, ToolError
from ringfence.site import Host, Site
from ringfence.site.ssh import ssh_command

LIVELY = ("-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4")
LIST = "cd {folder} && find . -mindepth 1 -maxdepth 2 -printf '%y %s %P\\0'"
PACK = "tar -C {folder} --no-recursion --null --verbatim-files-from -cf - -T -"


class UnansweredError(RingfenceError):
    """A host did not answer, or not to the end (exit code 1)."""

    exit_code = 1


def command_on(site: Site, host: Host, script: str) -> list[str]:
    """Return the call that runs a shell script as root on a host, as the account that deploys."""
    ssh = ssh_command(site, host)
    words = [] if host.ssh.user == "root" else ["sudo", "-n"]
    return [ssh[0], *LIVELY, *ssh[1:], shlex.join([*words, "sh", "-c", script])]


def ask(site: Site, host: Host, script: str, stdin: str = "") -> bytes:
    """Run a shell script as root on a host and return what it says.

    Raises UnansweredError when the host can't be reached, or when the script fails there.
    """
    done = subprocess.run(
        command_on(site, host, script), input=stdin.encode(), capture_output=True, check=False
    )
    if done.returncode:
        raise _failed(host, done.returncode, done.stderr)
    return done.stdout


class Collector:
    """The archive on a collector. Chains are fetched once, files as a stream, in the order asked.

    Raises UnansweredError, also from its methods.
    """

    def __init__(self, site: Site, host: Host, folder: str) -> None:
        """List the archive, and fetch its chains."""
        self._site, self._host, self._folder = site, host, folder
        self._files: dict[str, dict[str, int | None]] = {}
        listed = ask(site, host, LIST.format(folder=shlex.quote(folder)))
        for line in sorted(listed.decode("utf-8", "surrogateescape").split("\0")):
            kind, size, path = [*line.split(" ", 2), "", "", ""][:3]
            name, _, file = path.partition("/")
            if not file and kind == "d" and HOST.fullmatch(name) and name != "lost+found":
                self._files.setdefault(name, {})
            elif file and name in self._files:
                self._files[name][file] = int(size) if kind == "f" else None
        if not self._files:
            raise UnansweredError(f"{host.name}: {folder} holds no host's folder yet")
        self._chains = dict(self._fetch_chains())

    def hosts(self) -> list[str]:
        """Return the names of the folders, sorted."""
        return sorted(self._files)

    def files(self, host: str) -> dict[str, int | None]:
        """Return what lies in a host's folder: name to size in bytes, None if it is no file."""
        return self._files[host]

    def chain(self, host: str) -> bytes | None:
        """Return a host's chain; None if there is none."""
        return self._chains.get(host)

    def read(self, host: str, names: Sequence[str]) -> Iterator[tuple[str, Readable]]:
        """Yield files of a host by name, in this order; one that vanished meanwhile is left out."""
        for path, stream, _ in self._stream([f"{host}/{name}" for name in names]):
            yield path.partition("/")[2], stream

    def _fetch_chains(self) -> Iterator[tuple[str, bytes]]:
        there = [f"{host}/{CHAIN}" for host, files in self._files.items() if files.get(CHAIN)]
        for path, stream, size in self._stream(there):
            if size > LARGEST_CHAIN:
                raise ToolError(f"{self._host.name}: {path} is larger than any chain could be")
            yield path.partition("/")[0], stream.read()

    def _stream(self, paths: Sequence[str]) -> Iterator[tuple[str, IO[bytes], int]]:
        if not paths:
            return
        wanted = set(paths)
        with self._packed(paths) as packed:
            try:
                with tarfile.open(fileobj=packed, mode="r|", bufsize=1 << 20) as archive:
                    for member in archive:
                        stream = archive.extractfile(member) if member.isreg() else None
                        if stream is not None and member.name in wanted:
                            yield member.name, stream, member.size
            except tarfile.TarError as error:
                raise UnansweredError(
                    f"{self._host.name}: the archive broke off: {error}"
                ) from None

    @contextmanager
    def _packed(self, paths: Sequence[str]) -> Iterator[IO[bytes]]:
        script = PACK.format(folder=shlex.quote(self._folder))
        with tempfile.TemporaryFile() as names, tempfile.TemporaryFile() as errors:
            names.write(b"".join(f"{path}\0".encode() for path in paths))
            names.seek(0)
            process = subprocess.Popen(
                command_on(self._site, self._host, script),
                stdin=names,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
            assert process.stdout is not None
            try:
                yield process.stdout
                while process.stdout.read(1 << 16):
                    pass
                # 1 and 2 are what tar says of files that grew or vanished meanwhile.
                if process.wait() not in (0, 1, 2):
                    errors.seek(0)
                    raise _failed(self._host, process.returncode, errors.read())
            finally:
                process.kill()
                process.stdout.close()
                process.wait()


def _failed(host: Host, code: int, stderr: bytes) -> UnansweredError:
    said = stderr.decode("utf-8", "replace").strip().splitlines()
    return UnansweredError(f"{host.name}: {said[-1] if said else f'it ended with {code}'}")
