"""What would change: hosts at rest are asked in one round trip, pyinfra about the others."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from ringfence.deployment import Deployment, HostOutcome, deploy
from ringfence.effects import file_changes, thing_changes
from ringfence.side_by_side import HOSTS_AT_ONCE, side_by_side
from ringfence.site import Host, Site
from ringfence.steps import Say, part
from ringfence.unchanged import (
    Ask,
    Comparison,
    basis,
    compare,
    is_remembered,
    own_basis,
    recorded,
    remember,
)
from ringfence.verify.answers import Answer
from ringfence.verify.session import UnreachableError

MEMORY = ".unchanged"
"""The folder beside the runs in which plans that found nothing to change are remembered."""
COMPARED, PREPARED = 0.2, 0.9
"""The shares of a plan's time after which a host was compared with its last plan, and after which
pyinfra knows what it would do there."""


def plan(
    site: Site,
    hosts: list[Host],
    roles: str | None,
    folder: Path,
    say: Say,
    ask: Mapping[str, Ask],
    parallel: int = HOSTS_AT_ONCE,
    with_files: bool = False,
    answers: dict[str, dict[str, Answer]] | None = None,
) -> Deployment:
    """Find out what would change; pyinfra is started for hosts that differ from their last plan.

    Args:
        site: the site.
        hosts: the hosts, at least one.
        roles: names of roles, comma separated; None means each host's own.
        folder: the run's folder, where pyinfra's words are kept.
        say: told each step.
        ask: by host's name, what puts commands to it.
        parallel: how many hosts are asked at a time.
        with_files: ask the hosts too for what would change in their files.
        answers: filled with what hosts answered, by name and command.

    Raises:
        ToolError: pyinfra failed.
    """
    memory, wanted = _memory(folder.parent, roles), basis(site, roles)
    known = {} if answers is None else answers

    def rests(host: Host) -> bool:
        try:
            own = own_basis(wanted, site, host.name)
            compared = compare(memory, host.name, own, ask[host.name])
        except UnreachableError:
            compared = Comparison(False, {})  # pyinfra says why
        known[host.name] = compared.answers
        if compared.is_at_rest:
            say(host.name, "as it was when nothing was to change", 1.0)
        else:
            say(host.name, "compared with its last plan", COMPARED)
        return compared.is_at_rest

    at_rest = side_by_side(hosts, rests, parallel)
    others = [host for host, resting in zip(hosts, at_rest, strict=True) if not resting]
    planned = Deployment(True, {})
    if others:
        questions = folder / "questions.jsonl"
        planned = deploy(
            site,
            others,
            roles,
            True,
            folder / "plan.log",
            part(say, COMPARED, PREPARED),
            questions=questions,
            parallel=parallel,
            answers=known,
        )
        asked = recorded(questions)
        questions.unlink(missing_ok=True)
        for name, outcome in planned.hosts.items():
            own = own_basis(wanted, site, name)
            if outcome == HostOutcome() and name in asked:
                remember(memory, name, own, asked[name])
            elif name in asked and not is_remembered(memory, name, own):
                remember(memory, name, "", asked[name])  # it will be asked the same again
        if with_files:
            found = file_changes(site, planned.told, ask, parallel)
            for name, changes in found.items():
                planned.hosts[name].files = changes
                if planned.hosts[name].completed:
                    planned.hosts[name].things = thing_changes(planned.told[name])
        for host in others:
            say(host.name, "planned", 1.0)
    return Deployment(True, {h.name: planned.hosts.get(h.name, HostOutcome()) for h in hosts})


def _memory(runs: Path, roles: str | None) -> Path:
    """Return where plans of these roles are remembered: others ask other questions."""
    if roles is None:
        return runs / MEMORY
    return runs / MEMORY / hashlib.sha256(roles.encode()).hexdigest()[:16]
