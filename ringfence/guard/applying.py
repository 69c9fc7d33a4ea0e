"""A guarded apply: pre-flight, plan, keep and arm, pyinfra, a new login, and only then disarm."""

from pathlib import Path

from ringfence.deployment import Deployment, HostOutcome, deploy
from ringfence.errors import ToolError
from ringfence.guard import preflight
from ringfence.guard.channel import Channel, Run
from ringfence.guard.coverage import chosen_dangers, followers, together
from ringfence.guard.guarded import (
    UNKNOWN,
    GuardedHost,
    begin,
    check_fitness,
    keep_memory,
    role_of,
    settle,
)
from ringfence.guard.heartbeat import Watch
from ringfence.guard.memory import Memory
from ringfence.planning import plan
from ringfence.side_by_side import HOSTS_AT_ONCE, side_by_side
from ringfence.site import Host, Site
from ringfence.steps import Say, part
from ringfence.unchanged import Answers
from ringfence.verify.answers import Answer

FIT, PLANNED, ARMED, CHANGED = 0.05, 0.3, 0.35, 0.9
"""The shares of an apply's time after which a host is found fit, planned, armed and changed."""


def apply_guarded(
    site: Site,
    hosts: list[Host],
    roles: str | None,
    folder: Path,
    say: Say,
    parallel: int = HOSTS_AT_ONCE,
) -> Deployment:
    """Bring hosts to their baseline; a host that a change locks us out of goes back by itself.

    Args:
        site: the site.
        hosts: the hosts, at least one.
        roles: names of roles, comma separated; None means each host's own.
        folder: the run's folder: its name is the run's id, and pyinfra's words are kept there.
        say: told each step.
        parallel: how many hosts are asked, armed, changed and tried at a time.

    Returns:
        The outcome of every host, also of those that were refused or could not be reached.
    """
    run = preflight.this_run(folder.name)
    guarded = [
        GuardedHost(
            host,
            Channel(site, host),
            chosen_dangers(site.house, host, roles),
            followers=followers(site.house, host),
            memory=Memory(site.path, folder, host.name),
        )
        for host in hosts
    ]
    try:
        side_by_side(guarded, lambda each: _examine(site, run, each, say), parallel)
        fit = [each for each in guarded if not each.refused]
        answers: dict[str, dict[str, Answer]] = {}
        planned = _plan(site, fit, roles, folder, part(say, FIT, PLANNED), parallel, answers)
        wanted = []
        for each in fit:
            if _needs_work(planned.hosts[each.name]):
                wanted.append(each)
            else:
                say(each.name, "nothing to change", 1.0)
        side_by_side(wanted, lambda each: _arm(run, each, planned.hosts[each.name], say), parallel)
        working = [each for each in wanted if not each.refused]
        outcomes = _deploy(site, working, roles, folder, say, run, parallel, answers)
    finally:
        side_by_side(guarded, lambda each: each.channel.close(), parallel)
    for each in guarded:
        outcome = outcomes.setdefault(each.name, HostOutcome())
        outcome.guard[:0] = each.notes
        if each.refused:
            outcome.completed = False
            outcome.trouble.append(each.refused)
    return Deployment(False, {each.name: outcomes[each.name] for each in guarded})


def _examine(site: Site, run: Run, each: GuardedHost, say: Say) -> None:
    check_fitness(site, run, each)
    _tell(each, say, "fit for a change", FIT)


def _tell(each: GuardedHost, say: Say, step: str, share: float) -> None:
    if each.refused:
        say(each.name, each.refused, 1.0, failed=True)
    else:
        say(each.name, step, share)


def _plan(
    site: Site,
    fit: list[GuardedHost],
    roles: str | None,
    folder: Path,
    say: Say,
    parallel: int,
    answers: dict[str, dict[str, Answer]],
) -> Deployment:
    """Find out what would change; where no run ever came to its end, all is expected to."""
    known = [each for each in fit if each.known]
    unknown = {each.name: HostOutcome(completed=False) for each in fit if not each.known}
    if not known:
        return Deployment(True, unknown)
    hosts = [each.host for each in known]
    asked = {each.name: each.channel.ask for each in known}
    planned = plan(site, hosts, roles, folder, say, asked, parallel, answers=answers)
    return Deployment(True, planned.hosts | unknown)


def _needs_work(planned: HostOutcome) -> bool:
    return bool(planned.changed) or not planned.completed


def _arm(run: Run, each: GuardedHost, planned: HostOutcome, say: Say) -> None:
    """Keep other runs out, and arm the host when a dangerous role would change it."""
    touched = {role_of(name) for name in planned.changed}
    safe = planned.completed and touched.isdisjoint({*each.dangers, UNKNOWN})
    if safe or not each.dangers:
        begin(run, each, None)
    elif keep_memory(each):
        # Not of the state: a rollback leaves what follows as it is, for people look at it then.
        state = together(each.dangers.values()).lines(each.host.ssh.user)
        begin(run, each, together([*each.dangers.values(), *each.followers]), state)
    _tell(each, say, "armed" if each.armed else "locked", ARMED)


def _deploy(
    site: Site,
    working: list[GuardedHost],
    roles: str | None,
    folder: Path,
    say: Say,
    run: Run,
    parallel: int,
    answers: Answers,
) -> dict[str, HostOutcome]:
    if not working:
        return {}
    pulses = [each.pulse for each in working if each.pulse is not None]
    watch = Watch(pulses)
    names = [each.name for each in working]
    try:
        done = deploy(
            site,
            [each.host for each in working],
            roles,
            False,
            folder / "apply.log",
            part(say, ARMED, CHANGED),
            watch.start,
            parallel=parallel,
            answers=answers,
        ).hosts
    except ToolError as error:
        trouble = watch.ended or str(error)
        done = {name: HostOutcome(trouble=[trouble], completed=False) for name in names}
    except KeyboardInterrupt:
        watch.stop()
        for each in working:
            settle(site, run, each, HostOutcome(completed=False, trouble=["interrupted"]), say)
        raise
    watch.stop()

    def finish(each: GuardedHost) -> None:
        say(each.name, "trying a new login" if each.armed else "ending its lock")
        settle(site, run, each, done[each.name], say)
        outcome = done[each.name]
        word = "put back" if outcome.reverted else "applied" if outcome.completed else "failed"
        say(each.name, word, 1.0, failed=word != "applied")

    side_by_side(working, finish, parallel)
    return done
