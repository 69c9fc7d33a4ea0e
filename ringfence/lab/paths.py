"""Where a lab keeps what: its state beside the site, its sockets in a short folder of its own."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ringfence.errors import ToolError


def cache_dir() -> Path:
    """Return the folder of the images that all labs of this user share (XDG base directories)."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(base) if base.startswith("/") else Path.home() / ".cache"
    return root / "ringfence" / "images"


@dataclass(frozen=True)
class LabPaths:
    """The files of the lab of one site; `site` is made absolute."""

    site: Path

    @cached_property
    def state(self) -> Path:
        """The folder `.lab` of the site."""
        return self.site.resolve() / ".lab"

    @cached_property
    def identifier(self) -> str:
        """Ten hex digits that stand for this lab among the labs of this machine."""
        return hashlib.sha256(str(self.state).encode()).hexdigest()[:10]

    @cached_property
    def sockets(self) -> Path:
        """A folder with a short name: the path of a unix socket has at most 107 bytes."""
        base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
        return Path(base) / f"ringfence-{os.getuid()}-{self.identifier}"

    @property
    def operator_key(self) -> Path:
        """The operator's private key; the public one lies beside it."""
        return self.state / "id_ed25519"

    @property
    def verifier_key(self) -> Path:
        """The private key of the account that verifies; the public one lies beside it."""
        return self.state / "id_verify"

    @property
    def known_hosts(self) -> Path:
        """The host keys of the lab's hosts."""
        return self.state / "known_hosts"

    @property
    def ssh_config(self) -> Path:
        """The OpenSSH client configuration with one block a host."""
        return self.state / "ssh_config"

    @property
    def state_file(self) -> Path:
        """What the lab must remember between commands."""
        return self.state / "state.json"

    @property
    def lock(self) -> Path:
        """Held by the command that changes the lab."""
        return self.state / "lock"

    @property
    def inbox(self) -> Path:
        """The folder of what hosts sent to the lab's servers of mail and HTTP."""
        return self.state / "inbox"

    def host(self, name: str) -> Path:
        """Return the folder of a host: its host keys and its disks."""
        return self.state / "hosts" / name

    def log(self, name: str) -> Path:
        """Return the log of a part of the lab: a host's console, `network.log`."""
        return self.state / "logs" / name

    def make(self) -> None:
        """Make the folders.

        Raises ToolError when the folder of the sockets belongs to somebody else.
        """
        for folder in (self.state, self.state / "logs", self.state / "hosts", self.inbox):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        found = self.sockets.lstat()
        if found.st_uid != os.getuid() or found.st_mode & 0o77 or self.sockets.is_symlink():
            raise ToolError(f"{self.sockets} is not a private folder of this user; remove it")
