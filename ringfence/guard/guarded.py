"""One host on its way through a guarded change: fit for it, armed, confirmed or put back."""

import contextlib
import time
from dataclasses import dataclass, field

from ringfence.deployment import HostOutcome
from ringfence.guard import preflight
from ringfence.guard.channel import (
    Channel,
    RefusedError,
    Run,
    arm_command,
    demand,
    told,
)
from ringfence.guard.coverage import Coverage, Covering
from ringfence.guard.heartbeat import Pulse
from ringfence.guard.memory import Memory
from ringfence.guard.recovery import await_return, confirm, revert_now
from ringfence.guard.states import close_state, open_state
from ringfence.site import Host, Site
from ringfence.site.ssh import SLOW_LOGIN
from ringfence.steps import Say
from ringfence.verify.session import UnreachableError

RETURN = 300.0
"""Seconds after its last answer in which a host must come back: one that was rebooted needs minutes
until its firmware is done."""
PREPARING = 300.0
"""Seconds that a host may take to keep its state and be armed: on a slow one systemd reloads for a
minute. Whether the connection is alive shows sooner."""
SLOW_RETURN = 60.0
"""Seconds that a host is given at least to come back."""
UNKNOWN = ""
"""The role of an operation that no deploy names."""


@dataclass
class GuardedHost:
    """One host on its way through a guarded apply or rollback."""

    host: Host
    channel: Channel
    dangers: dict[str, Coverage]
    refused: str = ""
    """Why it was left alone; empty when it wasn't."""
    known: bool = True
    """Whether a run ever came to its end there; if none did, all is expected to change."""
    notes: list[str] = field(default_factory=list)
    armed: bool = False
    pulse: Pulse | None = None
    followers: list[Coverage] = field(default_factory=list)
    """What comes back with whatever the dangerous roles changed."""
    memory: Memory | None = None
    """What the site remembers of its files; None in a run that leaves that alone."""

    @property
    def name(self) -> str:
        """The host's name."""
        return self.host.name


def check_fitness(site: Site, run: Run, each: GuardedHost) -> None:
    """Refuse a host that must not be changed now; put back what a dead run left on it."""
    try:
        findings = preflight.ask(each.channel)
        wrong = list(preflight.reasons(site, each.host, findings, each.dangers.values()))
        if wrong:
            each.refused = f"refused: {'; '.join(wrong)}"
            return
        each.known = findings.known
        if preflight.abandoned(findings.guard):
            dead = findings.guard["lock_run"]
            demand(each.channel, "revert", f"asked: run {dead} is dead", dead)
            each.notes.append(f"run {dead} had died; what it left was put back")
            _remember(each, dead)
        elif reverted := findings.guard.get("reverted_run"):
            _remember(each, reverted)
    except UnreachableError as error:
        each.refused = f"unreachable: {error}"
    except RefusedError as error:
        each.refused = f"refused: {error}"


def begin(run: Run, each: GuardedHost, coverage: Covering | None, state: str | None = None) -> None:
    """Keep other runs out, begin the host's state, and arm it when there is something to cover.

    It is armed last: from then on its deadline runs, and a slow host takes a minute for its state.
    ``state`` is what the state covers beside what the operations report; None means ``coverage``.
    A host that can't be made ready is refused, and nothing on it has changed.
    """
    account = each.host.ssh.user
    lines = coverage.lines(account) if coverage else ""
    usual, each.channel.patience = each.channel.patience, PREPARING
    each.channel.login_limit = SLOW_LOGIN  # a sign of life that is late is better than none
    try:
        demand(each.channel, "lock", *run)
        try:
            open_state(each.channel, run, lines if state is None else state)
            if coverage:
                told(each.channel.ask(arm_command(run, coverage, account))[0])
                each.armed = True
        except RefusedError:
            _finish(run, each, "unlock")
            raise
    except UnreachableError as error:
        each.refused = f"unreachable: {error}"
        return
    except RefusedError as error:
        each.refused = f"refused: {error}"
        return
    finally:
        each.channel.patience = usual
    each.pulse = Pulse(each.channel, run, each.armed)
    each.pulse.start()


def settle(site: Site, run: Run, each: GuardedHost, outcome: HostOutcome, say: Say) -> None:
    """Keep a host's change after a new login, or see to it that it goes back."""
    assert each.pulse is not None
    each.pulse.stop()
    if not each.armed:
        _finish(run, each, "unlock")
        return
    reason = _failure(outcome, each.dangers)
    if not reason:
        reason = confirm(site, each.host, run)
    if not reason:
        outcome.guard.append("armed, new login, disarmed")
        if each.memory:
            with contextlib.suppress(OSError):  # of a run that stays nobody asks for it
                each.memory.forget()
        _finish(run, each)
        return
    say(each.name, f"{reason}: putting back what was changed")
    outcome.completed = False
    limit = max(each.pulse.heard + RETURN, time.monotonic() + SLOW_RETURN)
    revert_now(each.channel, run, reason)
    how = await_return(site, each.host, run, limit)
    if how:
        _finish(run, each)
        outcome.reverted = f"{reason} ({how})"
        outcome.guard.append(f"REVERTED: {outcome.reverted}")
        _remember(each, run.id)
    else:
        seconds = time.monotonic() - each.pulse.heard
        outcome.guard.append(
            f"LOCKED OUT: {reason}, and after {seconds:.0f} seconds it has not come back; "
            "see docs/how-to/locked-out.md"
        )


def keep_memory(each: GuardedHost) -> bool:
    """Keep what the site remembers of a host's files; a host where that fails is refused."""
    try:
        if each.memory:
            each.memory.keep()
    except OSError as error:
        each.refused = f"refused: what is remembered of its files cannot be kept: {error}"
    return not each.refused


def _remember(each: GuardedHost, run: str) -> None:
    """Have the site remember the host's files as they were before a run that was put back."""
    try:
        if each.memory:
            each.memory.of_run(run).put_back()
    except OSError as error:
        each.notes.append(f"the former memory of its files was not put back: {error}")


def role_of(operation: str) -> str:
    """Return the role that an operation belongs to: pyinfra puts the deploy's name before it."""
    role, separator, _ = operation.partition(" | ")
    return role if separator else UNKNOWN


def _failure(outcome: HostOutcome, dangers: dict[str, Coverage]) -> str:
    """Return why a host's change can't be kept; empty when pyinfra got past the dangerous roles."""
    risky = [name for name in outcome.failed if role_of(name) in {*dangers, UNKNOWN}]
    if risky:
        return f"{risky[0]} failed"
    if not outcome.completed and not outcome.failed:
        return outcome.trouble[-1] if outcome.trouble else "the run did not come to its end"
    return ""


def _finish(run: Run, each: GuardedHost, *guard: str) -> None:
    # What can't be said now: the lock ends by its age, and the next run closes the state.
    with contextlib.suppress(UnreachableError, RefusedError):
        close_state(each.channel, run)
    with contextlib.suppress(UnreachableError, RefusedError):
        for word in guard:
            demand(each.channel, word, run.id)
