"""A guarded apply: pre-flight, plan, arm, pyinfra, a new login, and only then disarm."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from ringfence.deployment import Deployment, HostOutcome, deploy
from ringfence.errors import ToolError
from ringfence.guard import preflight
from ringfence.guard.channel import (
    Channel,
    RefusedError,
    Run,
    arm_command,
    demand,
    told,
)
from ringfence.guard.coverage import Coverage, chosen_dangers, together
from ringfence.guard.heartbeat import Pulse, Watch
from ringfence.guard.recovery import await_return, confirm, revert_now
from ringfence.site import Host, Site
from ringfence.verify.session import UnreachableError

HOSTS_AT_ONCE = 32
RETURN = 300.0
"""Seconds after its last answer in which a host must come back: one that was rebooted needs minutes
until its firmware is done."""
SLOW_RETURN = 60.0
"""Seconds that a host is given at least to come back."""
UNKNOWN = ""
"""The role of an operation that no deploy names."""
Say = Callable[[str], None]


@dataclass
class GuardedHost:
    """One host on its way through a guarded apply."""

    host: Host
    channel: Channel
    dangers: dict[str, Coverage]
    refused: str = ""
    """Why it was left alone; empty when it wasn't."""
    notes: list[str] = field(default_factory=list)
    armed: bool = False
    pulse: Pulse | None = None

    @property
    def name(self) -> str:
        """The host's name."""
        return self.host.name


def apply_guarded(
    site: Site, hosts: list[Host], roles: str | None, folder: Path, say: Say
) -> Deployment:
    """Bring hosts to their baseline; a host that a change locks us out of goes back by itself.

    Args:
        site: the site.
        hosts: the hosts, at least one.
        roles: names of roles, comma separated; None means each host's own.
        folder: the run's folder: its name is the run's id, and pyinfra's words are kept there.
        say: told each step.

    Returns:
        The outcome of every host, also of those that were refused or could not be reached.
    """
    run = preflight.this_run(folder.name)
    guarded = [
        GuardedHost(host, Channel(site, host), chosen_dangers(site.house, host, roles))
        for host in hosts
    ]
    try:
        _side_by_side(guarded, lambda each: _preflight(site, run, each))
        fit = [each for each in guarded if not each.refused]
        planned = _plan(site, fit, roles, folder, say)
        wanted = [each for each in fit if _needs_work(planned.hosts[each.name])]
        _side_by_side(wanted, lambda each: _arm(run, each, planned.hosts[each.name]))
        working = [each for each in wanted if not each.refused]
        outcomes = _deploy(site, working, roles, folder, say, run)
    finally:
        _side_by_side(guarded, lambda each: each.channel.close())
    for each in guarded:
        outcome = outcomes.setdefault(each.name, HostOutcome())
        outcome.guard[:0] = each.notes
        if each.refused:
            outcome.completed = False
            outcome.trouble.append(each.refused)
    return Deployment(False, {each.name: outcomes[each.name] for each in guarded})


def _side_by_side(guarded: Iterable[GuardedHost], do: Callable[[GuardedHost], None]) -> None:
    with ThreadPoolExecutor(max_workers=HOSTS_AT_ONCE) as pool:
        list(pool.map(do, guarded))


def _preflight(site: Site, run: Run, each: GuardedHost) -> None:
    try:
        findings = preflight.ask(each.channel)
        wrong = list(preflight.reasons(site, each.host, findings, each.dangers.values()))
        if wrong:
            each.refused = f"refused: {'; '.join(wrong)}"
            return
        if preflight.abandoned(findings.guard):
            dead = findings.guard["lock_run"]
            demand(each.channel, "revert", f"asked: run {dead} is dead", dead)
            each.notes.append(f"run {dead} had died; what it left was put back")
    except UnreachableError as error:
        each.refused = f"unreachable: {error}"
    except RefusedError as error:
        each.refused = f"refused: {error}"


def _plan(
    site: Site, fit: list[GuardedHost], roles: str | None, folder: Path, say: Say
) -> Deployment:
    if not fit:
        return Deployment(True, {})
    hosts = [each.host for each in fit]
    return deploy(site, hosts, roles, True, folder / "plan.log", say)


def _needs_work(planned: HostOutcome) -> bool:
    return bool(planned.changed) or not planned.completed


def _arm(run: Run, each: GuardedHost, planned: HostOutcome) -> None:
    """Keep other runs out, and arm the host when a dangerous role would change it."""
    touched = {role_of(name) for name in planned.changed}
    safe = planned.completed and touched.isdisjoint({*each.dangers, UNKNOWN})
    try:
        if each.dangers and not safe:
            coverage = together(each.dangers.values())
            told(each.channel.ask(arm_command(run, coverage, each.host.ssh.user))[0])
            each.armed = True
        else:
            demand(each.channel, "lock", *run)
    except UnreachableError as error:
        each.refused = f"unreachable: {error}"
        return
    except RefusedError as error:
        each.refused = f"refused: {error}"
        return
    each.pulse = Pulse(each.channel, run, each.armed)
    each.pulse.start()


def _deploy(
    site: Site,
    working: list[GuardedHost],
    roles: str | None,
    folder: Path,
    say: Say,
    run: Run,
) -> dict[str, HostOutcome]:
    if not working:
        return {}
    pulses = [each.pulse for each in working if each.pulse is not None]
    watch = Watch(pulses)
    names = [each.name for each in working]
    try:
        hosts = [each.host for each in working]
        done = deploy(site, hosts, roles, False, folder / "apply.log", say, watch.start).hosts
    except ToolError as error:
        trouble = watch.ended or str(error)
        done = {name: HostOutcome(trouble=[trouble], completed=False) for name in names}
    except KeyboardInterrupt:
        watch.stop()
        for each in working:
            _settle(site, run, each, HostOutcome(completed=False, trouble=["interrupted"]), say)
        raise
    watch.stop()
    _side_by_side(working, lambda each: _settle(site, run, each, done[each.name], say))
    return done


def _settle(site: Site, run: Run, each: GuardedHost, outcome: HostOutcome, say: Say) -> None:
    """Keep a host's change after a new login, or see to it that it goes back."""
    assert each.pulse is not None
    each.pulse.stop()
    if not each.armed:
        _unlock(run, each)
        return
    reason = _failure(outcome, each.dangers)
    if not reason:
        reason = confirm(site, each.host, run)
    if not reason:
        outcome.guard.append("armed, new login, disarmed")
        return
    say(f"{each.name}: {reason}: putting back what was changed")
    outcome.completed = False
    limit = max(each.pulse.heard + RETURN, time.monotonic() + SLOW_RETURN)
    revert_now(each.channel, run, reason)
    how = await_return(site, each.host, run, limit)
    if how:
        outcome.reverted = f"{reason} ({how})"
        outcome.guard.append(f"REVERTED: {outcome.reverted}")
    else:
        seconds = time.monotonic() - each.pulse.heard
        outcome.guard.append(
            f"LOCKED OUT: {reason}, and after {seconds:.0f} seconds it has not come back; "
            "see docs/how-to/locked-out.md"
        )


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


def _unlock(run: Run, each: GuardedHost) -> None:
    try:
        demand(each.channel, "unlock", run.id)
    except (UnreachableError, RefusedError):
        return  # the lock ends by its age
