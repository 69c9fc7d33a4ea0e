"""A guarded rollback: what to undo, arm, put back, a new login, and only then disarm."""

import contextlib
from pathlib import Path

from ringfence.deployment import Deployment, HostOutcome
from ringfence.errors import UsageError
from ringfence.guard import preflight, states
from ringfence.guard.channel import Channel, RefusedError, Run, demand
from ringfence.guard.guarded import (
    GuardedHost,
    begin,
    check_fitness,
    settle,
)
from ringfence.guard.states import Covered, Kept, Step, Target
from ringfence.side_by_side import side_by_side
from ringfence.site import Host, Site
from ringfence.site.problems import nearest
from ringfence.steps import Say, nobody
from ringfence.verify.session import UnreachableError

PATIENCE = 300.0
"""Seconds of silence in which a host may put back its files and restart its services."""
THE_WAY_BACK = "the way back"
FIT, WANTED, ARMED, BACK = 0.1, 0.2, 0.4, 0.8
"""The shares of a rollback's time after which a host is found fit, knows what it wants, is armed
and has its files back."""


def kept_states(site: Site, hosts: list[Host], say: Say = nobody) -> dict[str, list[Kept] | str]:
    """Return the runs that changed each host, the oldest first, or why it doesn't tell."""
    asked = [GuardedHost(host, Channel(site, host), {}) for host in hosts]
    found: dict[str, list[Kept] | str] = {}

    def ask(each: GuardedHost) -> None:
        known = _history(each)
        found[each.name] = each.refused or known
        each.channel.close()
        say(each.name, each.refused or "answered", 1.0)

    side_by_side(asked, ask)
    return {host.name: found[host.name] for host in hosts}


def roll_back(
    site: Site,
    hosts: list[Host],
    target: Target,
    is_known: bool,
    folder: Path,
    say: Say,
    dry: bool = False,
) -> Deployment:
    """Put back the files and services that the runs after `target` changed.

    Args:
        site: the site.
        hosts: the hosts, at least one.
        target: where to go back to.
        is_known: whether the site has a record of that run; otherwise a host must know it.
        folder: the run's folder: its name is the run's id.
        say: told each step.
        dry: tell what would come back; change nothing.

    Returns:
        The outcome of every host, also of those that were refused or could not be reached.

    Raises:
        UsageError: nobody knows the run; nothing has changed.
    """
    run = preflight.this_run(folder.name)
    guarded = [GuardedHost(host, Channel(site, host), {}) for host in hosts]
    outcomes = {host.name: HostOutcome() for host in hosts}
    try:
        if not dry:
            side_by_side(guarded, lambda each: _lock(site, run, each, say))
        fit = [each for each in guarded if not each.refused]
        wanted = _wanted(fit, target, is_known)
        for each in (each for each in fit if not each.refused):
            runs, steps = wanted[each.name]
            each.notes.append(_intention(target, runs, steps))
            say(each.name, each.notes[-1], WANTED if steps else 1.0)
        working = [each for each in fit if not each.refused and wanted[each.name][1]]
        if dry:
            for each in working:
                outcomes[each.name].changed = [str(step) for step in wanted[each.name][1]]
        else:
            _go_back(site, run, working, wanted, outcomes, say)
    finally:
        if not dry:
            side_by_side(guarded, lambda each: _unlock(run, each))
        side_by_side(guarded, lambda each: each.channel.close())
    for each in guarded:
        outcome = outcomes[each.name]
        outcome.guard[:0] = each.notes
        if each.refused:
            outcome.completed = False
            outcome.trouble.append(each.refused)
    return Deployment(dry, outcomes)


def _lock(site: Site, run: Run, each: GuardedHost, say: Say) -> None:
    check_fitness(site, run, each)
    if each.refused:
        say(each.name, each.refused, 1.0, failed=True)
        return
    say(each.name, "fit for a change", FIT)
    try:
        demand(each.channel, "lock", *run)
    except UnreachableError as error:
        each.refused = f"unreachable: {error}"
    except RefusedError as error:
        each.refused = f"refused: {error}"


def _unlock(run: Run, each: GuardedHost) -> None:
    if each.armed or each.refused.startswith("unreachable"):
        return
    with contextlib.suppress(UnreachableError, RefusedError):
        demand(each.channel, "unlock", run.id)


def _history(each: GuardedHost) -> list[Kept]:
    try:
        return states.history(each.channel)
    except UnreachableError as error:
        each.refused = f"unreachable: {error}"
    except RefusedError as error:
        each.refused = f"refused: {error}"
    return []


def _wanted(
    fit: list[GuardedHost], target: Target, is_known: bool
) -> dict[str, tuple[list[str], list[Step]]]:
    """Return for each host the runs to undo, and what that changes. Raises UsageError."""
    histories: dict[str, list[Kept]] = {}
    wanted: dict[str, tuple[list[str], list[Step]]] = {}

    def remember(each: GuardedHost) -> None:
        histories[each.name] = _history(each)

    def plan(each: GuardedHost) -> None:
        try:
            runs = states.later_runs(histories[each.name], target)
            wanted[each.name] = (runs, states.planned(each.channel, runs))
        except UnreachableError as error:
            each.refused = f"unreachable: {error}"
        except RefusedError as error:
            each.refused = f"refused: {error}"

    side_by_side(fit, remember)
    answered = [each for each in fit if not each.refused]
    if answered and not is_known:
        _demand_known(target, [histories[each.name] for each in answered])
    side_by_side(answered, plan)
    return wanted


def _demand_known(target: Target, histories: list[list[Kept]]) -> None:
    known = sorted({kept.run for history in histories for kept in history})
    if target.run in known:
        return
    last = ", ".join(known[-5:]) or "none"
    raise UsageError(
        f"no run {target.run!r} is known here or on these hosts{nearest(target.run, known)}; "
        f"the last that changed them: {last} (all of them: ringfence rollback SITE)"
    )


def _intention(target: Target, runs: list[str], steps: list[Step]) -> str:
    if not steps:
        return f"it is as it was {target}: nothing to put back"
    return f"as it was {target}: undoes {', '.join(runs)}"


def _go_back(
    site: Site,
    run: Run,
    working: list[GuardedHost],
    wanted: dict[str, tuple[list[str], list[Step]]],
    outcomes: dict[str, HostOutcome],
    say: Say,
) -> None:
    def arm(each: GuardedHost) -> None:
        covered = Covered(wanted[each.name][1])
        begin(run, each, covered, covered.lines(paths=False))
        if each.refused:
            say(each.name, each.refused, 1.0, failed=True)
        else:
            say(each.name, "armed; putting back", ARMED)

    def put_back(each: GuardedHost) -> None:
        # A channel of its own: the other one carries the signs of life.
        channel = Channel(site, each.host, PATIENCE)
        outcome = outcomes[each.name]
        try:
            steps = states.restore(channel, run, wanted[each.name][0])
            outcome.changed = [str(step) for step in steps]
        except (UnreachableError, RefusedError) as error:
            outcome.failed = [f"{THE_WAY_BACK}: {error}"]
            outcome.completed = False
        finally:
            channel.close()
        say(each.name, "trying a new login", BACK)

    def finish(each: GuardedHost) -> None:
        settle(site, run, each, outcomes[each.name], say)
        outcome = outcomes[each.name]
        word = "put back" if outcome.completed else "failed"
        say(each.name, word, 1.0, failed=not outcome.completed)

    side_by_side(working, arm)
    armed = [each for each in working if each.armed and not each.refused]
    try:
        side_by_side(armed, put_back)
    except KeyboardInterrupt:
        for each in armed:
            settle(site, run, each, HostOutcome(completed=False, trouble=["interrupted"]), say)
        raise
    side_by_side(armed, finish)
