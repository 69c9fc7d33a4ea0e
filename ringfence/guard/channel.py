"""The guard of one host, as the control machine sees it: one root channel, and new logins."""

import shlex
import threading
from dataclasses import dataclass, field
from importlib.resources import files
from typing import NamedTuple

from ringfence.errors import ToolError
from ringfence.guard.coverage import Covering
from ringfence.site import Host, Site
from ringfence.site.ssh import CONNECT_TIMEOUT, SLOW_LOGIN, ssh_command
from ringfence.verify.answers import Answer
from ringfence.verify.session import BusyError, Session, UnreachableError

GUARD = "/var/lib/ringfence/guard"
DEADLINE = 90
"""Seconds after the last sign of life of the run at which a host puts everything back: three may be
lost or late, and the host has another 30 until it must be back."""
HEARTBEAT = 20.0
"""Seconds between signs of life."""
OF_ITS_OWN = ("-o", "ControlPath=none", "-o", "ControlMaster=no")
"""A login through a connection that is already open would prove nothing."""

LIVELY = ("-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=6")
"""A connection that died in silence must be replaced well before the deadline; one to a slow host
must not count as dead."""


class RefusedError(Exception):
    """The host's guard refused; the sentence says why."""


class Run(NamedTuple):
    """Who changes hosts: the run's id, and the person and process behind it."""

    id: str
    owner: str
    """The person and the machine, for people."""
    process: str
    """The process, so that a later run on the same machine can tell whether it is dead."""


@dataclass
class Channel:
    """A root channel to a host, one user at a time; opened when it is first needed."""

    site: Site
    host: Host
    patience: float = 90.0
    """Seconds of silence after which the channel counts as dead; may change between questions."""
    login_limit: int = CONNECT_TIMEOUT
    """Seconds in which a login must be answered; counts from the next login on."""
    _session: Session | None = field(default=None, repr=False)
    _busy: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def ask(self, *commands: str) -> list[Answer]:
        """Run commands as root. Raises UnreachableError; the channel is closed then."""
        with self._busy:
            if self._session is None:
                self._session = self._open()
            self._session.silence_limit = self.patience
            try:
                return [answer for _, answer in self._session.ask(commands)]
            except UnreachableError:
                self._session.close()
                self._session = None
                raise

    def ask_patiently(self, *commands: str) -> list[Answer]:
        """Run commands as root; a login that sshd began and did not finish is tried once more.

        The second one, and later ones, may take longer. Raises UnreachableError.
        """
        try:
            return self.ask(*commands)
        except BusyError:
            self.login_limit = SLOW_LOGIN
            return self.ask(*commands)

    def close(self) -> None:
        """Close the channel; it opens again when it is needed."""
        with self._busy:
            if self._session is not None:
                self._session.close()
                self._session = None

    def _open(self) -> Session:
        ssh = ssh_command(self.site, self.host)
        return Session(
            [ssh[0], *OF_ITS_OWN, *LIVELY, "-o", f"ConnectTimeout={self.login_limit}", *ssh[1:]],
            become_root=self.host.ssh.user != "root",
            silence_limit=self.patience,
        )


def half(name: str) -> str:
    """Return a script of the host's half, with what all of them know (packages.sh) before it."""
    folder = files("ringfence.guard")
    return "".join(folder.joinpath(part).read_text() for part in ("packages.sh", name))


def script() -> str:
    """Return the host's half, guard.sh."""
    return half("guard.sh")


def arm_command(run: Run, coverage: Covering, account: str, seconds: int = DEADLINE) -> str:
    """Return the command that arms a host: it brings guard.sh along."""
    words = shlex.join([*run, str(seconds)])
    return (
        f"umask 077; mkdir -p -m 0755 {GUARD.rpartition('/')[0]} && mkdir -p -m 0700 {GUARD} "
        f"&& new=$(mktemp {GUARD}/.guard.XXXXXX) || exit 1\n"
        f"cat >\"$new\" <<'END_OF_GUARD' || {{ echo 'cannot write to {GUARD}' >&2; exit 1; }}\n"
        f"{script()}END_OF_GUARD\n"
        f"sh \"$new\" arm {words} <<'END_OF_COVERAGE'\n{coverage.lines(account)}END_OF_COVERAGE\n"
        'status=$?; rm -f -- "$new"; exit "$status"\n'
    )


def guard_command(*words: str) -> str:
    """Return the command that gives the host's guard a word; guard.sh need not be there yet."""
    text = f"$(cat <<'END_OF_GUARD'\n{script()}END_OF_GUARD\n)"
    return f'sh -c "{text}" guard {shlex.join(words)}'


def told(answer: Answer) -> str:
    """Return what the guard said on success. Raises RefusedError."""
    if answer.status != 0:
        said = answer.stderr.decode("utf-8", "replace").strip().splitlines()
        raise RefusedError(said[-1] if said else f"it ended with {answer.status}")
    return answer.stdout.decode("utf-8", "replace")


def demand(channel: Channel, *words: str) -> str:
    """Give the host's guard a word. Raises UnreachableError, RefusedError."""
    return told(channel.ask(guard_command(*words))[0])


def status_of(channel: Channel) -> dict[str, str]:
    """Return the guard's status: `state`, `run`, `owner`, `left`, `lock_…`, `reverted_…`,
    `not_put_back`.

    Raises UnreachableError, ToolError.
    """
    try:
        return parse_status(demand(channel, "status"))
    except RefusedError as error:
        raise ToolError(f"{channel.host.name}: its guard does not answer: {error}") from None


def parse_status(text: str) -> dict[str, str]:
    """Read `key=value` lines; a key that comes again is joined by spaces."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, separator, value = line.partition("=")
        if separator:
            found[key] = f"{found[key]} {value}" if key in found else value
    return found
