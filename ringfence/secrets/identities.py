"""The private keys that open the secrets: named by the paths of files, never given in words."""

import getpass
import os
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pyrage
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_ssh_private_key,
)

from ringfence.errors import ToolError, UsageError

VARIABLE = "RINGFENCE_IDENTITY"
"""Environment variable with the paths of identity files, separated as those of PATH are."""
DEFAULTS = ("~/.config/ringfence/identity", "~/.ssh/id_ed25519")
LARGEST = 64 * 1024
PROTECTED = "ssh key must be decrypted first"


def files(named: Iterable[Path] = ()) -> list[Path]:
    """Return the identity files: those named, else those of RINGFENCE_IDENTITY, else the defaults.

    Raises UsageError when a named one, or each of the defaults, is missing.
    """
    variable = os.environ.get(VARIABLE, "")
    chosen = list(named) or [Path(part).expanduser() for part in variable.split(os.pathsep) if part]
    if chosen:
        for path in chosen:
            if not path.is_file():
                raise UsageError(f"{path}: there is no such identity file")
        return chosen
    present = [path for path in (Path(name).expanduser() for name in DEFAULTS) if path.is_file()]
    if not present:
        raise UsageError(
            f"no identity to open the secrets with: give --identity FILE, set {VARIABLE}, "
            f"or keep one in {' or '.join(DEFAULTS)}"
        )
    return present


def opened(paths: Iterable[Path], *, ask: bool = True) -> Iterator[Any]:
    """Yield the identities in some files, as pyrage takes them; a passphrase is asked for last.

    Without `ask`, those that have one are left out.

    Raises UsageError for a file that holds none, ToolError when nobody can be asked.
    """
    protected: list[tuple[Path, bytes]] = []
    for path in paths:
        content = _read(path)
        if b"PRIVATE KEY-----" not in content:
            yield from _age_identities(path, content)
            continue
        try:
            yield pyrage.ssh.Identity.from_buffer(content)
        except pyrage.IdentityError as error:
            if str(error) != PROTECTED:
                raise UsageError(
                    f"{path} is no ssh key that age can use: take ssh-ed25519"
                ) from None
            protected.append((path, content))
    for path, content in protected if ask else ():
        yield _unlocked(path, content)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(LARGEST)
    except OSError as error:
        raise UsageError(f"{path}: the identity can't be read: {error.strerror}") from None


def _age_identities(path: Path, content: bytes) -> list[Any]:
    lines = [line.strip() for line in content.decode("utf-8", "replace").splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    try:
        found = [pyrage.x25519.Identity.from_str(key) for key in keys]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise UsageError(
            f"{path} is no identity: it needs AGE-SECRET-KEY-1… or an OpenSSH private key"
        )
    return found


@cache
def _unlocked(path: Path, content: bytes) -> Any:
    """Ask for the passphrase on the terminal, once a process; the key is opened in memory alone."""
    try:
        Path("/dev/tty").open("rb").close()  # getpass would read standard input instead
    except OSError:
        raise ToolError(
            f"{path} has a passphrase, and there is no terminal to ask for it: "
            f"name an age identity by --identity or {VARIABLE}"
        ) from None
    try:
        key = load_ssh_private_key(content, getpass.getpass(f"Passphrase of {path}: ").encode())
    except (ValueError, TypeError):
        raise UsageError(f"the passphrase does not open {path}") from None
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return pyrage.ssh.Identity.from_buffer(plain)
