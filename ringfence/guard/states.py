"""The states that a host keeps, and which runs are undone to go back to one of them."""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ringfence.guard.channel import Channel, RefusedError, Run, half, told
from ringfence.guard.coverage import NEVER_WHOLE, OWN

STATES = f"{OWN}/states"
RUN_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]+")
"""A run's id begins with the time at which it began, so that ids are in the order of time."""


class Kept(NamedTuple):
    """A run that changed a host."""

    run: str
    at: str
    changes: int | None
    """How many files and units it changed; None when its state is no longer kept."""
    owner: str


class Step(NamedTuple):
    """One thing that going back changes on a host."""

    kind: str
    """file, directory or absent (what a path was), unit, or rules"""
    how: str
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.how})"


@dataclass(frozen=True)
class Target:
    """Where to go back to: the end of a run, or the moment before it."""

    run: str
    before: bool

    def __str__(self) -> str:
        return f"before run {self.run}" if self.before else f"at the end of run {self.run}"


@dataclass(frozen=True)
class Covered:
    """What going back touches, in the form that guard.sh and states.sh read."""

    steps: list[Step]

    def lines(self, account: str = "", paths: bool = True) -> str:
        """Return it line by line; without ``paths`` only units and rules.

        Ringfence's own folders hold the guard itself, and nobody is locked out by their modes.
        """
        named = [s.name for s in self.steps if s.kind in ("file", "directory", "absent")]
        saved = [p for p in named if p not in NEVER_WHOLE | {OWN} and not p.startswith(f"{OWN}/")]
        lines = [f"path {path}" for path in saved if paths]
        lines += [f"service {step.name}" for step in self.steps if step.kind == "unit"]
        lines += ["rulesets" for step in self.steps if step.kind == "rules"]
        return "".join(f"{line}\n" for line in lines)


def script() -> str:
    """Return the host's half, states.sh."""
    return half("states.sh")


def open_state(channel: Channel, run: Run, coverage: str) -> None:
    """Begin to keep what a run changes on a host. Raises UnreachableError, RefusedError."""
    told(channel.ask(open_command(run, coverage))[0])


def close_state(channel: Channel, run: Run) -> None:
    """End it: what the run left as it was is dropped. Raises UnreachableError, RefusedError."""
    told(channel.ask(states_command("close", run.id))[0])


def history(channel: Channel) -> list[Kept]:
    """Return the runs that changed a host, the oldest first.

    Raises UnreachableError, RefusedError.
    """
    return list(parse_history(told(channel.ask(states_command("list"))[0])))


def planned(channel: Channel, runs: Iterable[str]) -> list[Step]:
    """Return what undoing these runs, the newest first, would change now.

    Raises UnreachableError, RefusedError.
    """
    undone = list(runs)
    if not undone:
        return []
    return list(parse_steps(told(channel.ask(states_command("plan", *undone))[0])))


def restore(channel: Channel, by: Run, runs: Iterable[str]) -> list[Step]:
    """Undo these runs, the newest first, on a host that is armed for the run ``by``.

    Raises UnreachableError, RefusedError.
    """
    return list(parse_steps(told(channel.ask(states_command("restore", by.id, *runs))[0])))


def later_runs(known: list[Kept], target: Target) -> list[str]:
    """Return the runs that must be undone, the newest first.

    A run that changed nothing on this host stands in its history by its time.

    Raises:
        RefusedError: the host keeps no state, or the state of one of these runs is gone.
    """
    if not known:
        raise RefusedError("it keeps no former state: no run has changed it since it keeps them")
    ids = [kept.run for kept in known]
    if target.run in ids:
        begin = ids.index(target.run) + (0 if target.before else 1)
        later = known[begin:]
    else:
        later = [kept for kept in known if kept.run > target.run]
    gone = [kept.run for kept in later if kept.changes is None]
    if gone:
        oldest = next((kept.run for kept in known if kept.changes is not None), None)
        hint = f"; the farthest way back is --before {oldest}" if oldest else ""
        raise RefusedError(
            f"it no longer keeps what run {gone[-1]} changed, which would have to be undone{hint}"
        )
    return [kept.run for kept in reversed(later)]


def open_command(run: Run, coverage: str) -> str:
    """Return the command that begins to keep a state: it brings states.sh along."""
    return (
        f"umask 077; mkdir -p -m 0755 {OWN} && mkdir -p -m 0700 {STATES} "
        f"&& new=$(mktemp {STATES}/.states.XXXXXX) || exit 1\n"
        f"cat >\"$new\" <<'END_OF_STATES' || {{ echo 'cannot write to {STATES}' >&2; exit 1; }}\n"
        f"{script()}END_OF_STATES\n"
        f"sh \"$new\" open {shlex.join([run.id, run.owner])} <<'END_OF_COVERAGE'\n"
        f"{coverage}END_OF_COVERAGE\n"
        'status=$?; rm -f -- "$new"; exit "$status"\n'
    )


def states_command(*words: str) -> str:
    """Return the command that gives states.sh a word; it need not be on the host yet."""
    return (
        f"sh -c \"$(cat <<'END_OF_STATES'\n{script()}END_OF_STATES\n)\" states {shlex.join(words)}"
    )


def parse_history(text: str) -> Iterable[Kept]:
    """Read `run time changes owner` lines."""
    for line in text.splitlines():
        run, at, changes, owner = line.split(" ", 3)
        yield Kept(run, at, None if changes == "-" else int(changes), owner)


def parse_steps(text: str) -> Iterable[Step]:
    """Read `kind how name` lines, separated by tabs."""
    for line in text.splitlines():
        if line.count("\t") >= 2:
            yield Step(*line.split("\t", 2))
