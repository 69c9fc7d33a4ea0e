"""What would change: hosts at rest are asked in one round trip, pyinfra about the others."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ringfence.deployment import Deployment, HostOutcome, deploy
from ringfence.site import Host, Site
from ringfence.unchanged import Ask, basis, needs_nothing, recorded, remember
from ringfence.verify.session import UnreachableError

HOSTS_AT_ONCE = 32
MEMORY = ".unchanged"
"""The folder beside the runs in which plans that found nothing to change are remembered."""


def plan(
    site: Site,
    hosts: list[Host],
    roles: str | None,
    folder: Path,
    say: Callable[[str], None],
    ask: Mapping[str, Ask],
) -> Deployment:
    """Find out what would change; pyinfra is started for hosts that differ from their last plan.

    Args:
        site: the site.
        hosts: the hosts, at least one.
        roles: names of roles, comma separated; None means each host's own.
        folder: the run's folder, where pyinfra's words are kept.
        say: told each step.
        ask: by host's name, what puts commands to it.

    Raises:
        ToolError: pyinfra failed.
    """
    memory, wanted = folder.parent / MEMORY, basis(site, roles)

    def rests(host: Host) -> bool:
        try:
            return needs_nothing(memory, host.name, wanted, ask[host.name])
        except UnreachableError:
            return False  # pyinfra says why

    with ThreadPoolExecutor(max_workers=HOSTS_AT_ONCE) as pool:
        resting = dict(zip([host.name for host in hosts], pool.map(rests, hosts), strict=True))
    others = [host for host in hosts if not resting[host.name]]
    planned = Deployment(True, {})
    if others:
        questions = folder / "questions.jsonl"
        planned = deploy(site, others, roles, True, folder / "plan.log", say, questions=questions)
        asked = recorded(questions)
        questions.unlink(missing_ok=True)
        for name, outcome in planned.hosts.items():
            if outcome == HostOutcome() and name in asked:
                remember(memory, name, wanted, asked[name])
    return Deployment(True, {h.name: planned.hosts.get(h.name, HostOutcome()) for h in hosts})
