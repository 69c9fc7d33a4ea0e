"""The journal's seals, whose key is made on the host and kept elsewhere; and nothing over its copy.

Forward secure sealing: the host can seal what it writes from now on, and not seal anew what it has
written; who has the verification key can tell (journalctl(1), `--setup-keys`).
"""

from collections.abc import Generator
from dataclasses import dataclass

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host, state

from ringfence.errors import RingfenceError
from ringfence.facts.journal import InMemory, MountsBelow, OpenFiles, Sealing, SealingKey
from ringfence.facts.shell import call
from ringfence.operations.shell import absolute, named

WAITING = "/run/ringfence-sealing/key"
"""Where a new verification key waits to be fetched: in memory, for root alone."""
INTERVAL = "15min"
"""How often the sealing key is changed: what an intruder writes later can't be passed off as older
than this."""
MAKE = f"""\
umask 077
mkdir -p {WAITING.rpartition("/")[0]}
journalctl --setup-keys --force --interval={INTERVAL} >{WAITING}.new
chmod 0600 "/var/log/journal/$(cat /etc/machine-id)/fss"
mv -- {WAITING}.new {WAITING}
"""
"""systemd 257 lets the group of those who read the journal read the sealing key too."""
FETCHED = f"rm -rf -- {WAITING.rpartition('/')[0]} && journalctl --rotate"
"""journald seals the files that it begins from now on."""


@dataclass(frozen=True, kw_only=True)
class Safe:
    """Where the verification key of a host's seals is kept. A role gives a kind that keeps it."""

    holds: bool = False
    """whether it holds the host's key"""

    def has(self) -> bool:
        """Whether it holds the host's key by now."""
        return self.holds

    def demand(self) -> None:
        """Raise RingfenceError when it could not keep a key."""

    def keep(self, key: str) -> None:
        """Keep a key. Raises RingfenceError."""
        raise RingfenceError(f"nothing keeps a key of {len(key)} letters here")


@operation()
def sealed(safe: Safe) -> Generator[StringCommand, None, None]:
    """Ensure that the journal is sealed, and that the key that checks the seals lies in a safe.

    The key is made on the host, fetched, and then removed there. A host whose key nobody has gets
    a new one, and so does one on which an interrupted run left its key.
    """
    found = host.get_fact(Sealing, path=WAITING)
    if found["sealed"] and safe.has() and not found["waiting"]:
        host.noop("the journal is sealed, and its key lies elsewhere")
        return
    try:
        if state.is_executing:
            safe.demand()
        # One that waits is made anew too: nobody can tell whether it is the one that was kept.
        yield StringCommand(MAKE)
        if state.is_executing:
            safe.keep(host.get_fact(SealingKey, path=WAITING))
    except RingfenceError as error:
        yield _refusal(str(error))
        return
    yield StringCommand(FETCHED)


@operation()
def on_disk() -> Generator[StringCommand, None, None]:
    """Ensure that the journal goes to the disk: after a time in memory journald waits to be told.

    So it is at a boot (systemd-journal-flush.service), but not where settings that kept it in
    memory were taken away later (journalctl(1), `--flush`). What it left in memory and no longer
    writes stays there: moved, its entries would get other numbers.
    """
    found: list[str] = [*host.get_fact(InMemory)]
    if not found:
        host.noop("the journal goes to the disk")
        return
    yield StringCommand("journalctl --flush")


@operation()
def closed() -> Generator[StringCommand, None, None]:
    """Ensure that only root and the group systemd-journal may read the files of the journal."""
    found: list[str] = [*host.get_fact(OpenFiles)]
    if not found:
        host.noop("the journal's files are closed to others")
        return
    yield StringCommand(call("chown", "root:systemd-journal", "--", *found))
    yield StringCommand(call("chmod", "0640", "--", *found))


@operation()
def uncovered(path: str, used_by: str | None = None) -> Generator[StringCommand, None, None]:
    """Ensure that nothing is mounted below a directory: it would hide what lies there.

    Args:
        path: the directory, absolute.
        used_by: a unit that may have files of such a mount open, which can't be taken away then
            (umount(8)); it is stopped for that moment.
    """
    absolute(path)
    if used_by is not None:
        named(used_by, "the unit")
    found: list[str] = [*host.get_fact(MountsBelow, path=path)]
    if not found:
        host.noop(f"nothing is mounted over what lies in {path}")
    for point in reversed(found):
        away = call("umount", "--", point)
        if used_by is not None:
            stop, start = (call("systemctl", verb, "--", used_by) for verb in ("stop", "start"))
            away = f"{away} || {{ {stop} && {away}; ended=$?; {start} && exit $ended; }}"
        yield StringCommand(away)


def _refusal(sentence: str) -> StringCommand:
    """Return what fails with a sentence, on this host alone: an exception would end all hosts."""
    words = call("printf", "ringfence: %s\\n", " ".join(sentence.split()))
    return StringCommand(f"{words} >&2; exit 1")
