"""Controls and policy that fight one another, or the service: each lint by its name.

A message ends with the lint's name in brackets; docs/reference/lints.md describes them all.
"""

from dataclasses import replace

from ringfence.site.lints import (
    administrators,
    alerts,
    audit,
    egress,
    log_officers,
    logs,
    mounts,
    services,
    shared_accounts,
    time_sources,
    ways_in,
)
from ringfence.site.lints.lint import Lint, Subject
from ringfence.site.problems import Problem

LINTS: dict[str, list[Lint]] = {
    "The way in": ways_in.LINTS,
    "Administrators": administrators.LINTS,
    "Shared accounts": shared_accounts.LINTS,
    "Who looks after the logs": log_officers.LINTS,
    "What is recorded": audit.LINTS,
    "Where logs go": logs.LINTS,
    "What hosts must reach": egress.LINTS,
    "Whose time counts": time_sources.LINTS,
    "What hosts serve": services.LINTS,
    "Where programs run": mounts.LINTS,
    "Who hears of failures": alerts.LINTS,
}
"""Every lint, by what it is about; in the order of the page and of nothing else."""


def judge(subject: Subject) -> tuple[list[Problem], list[Problem]]:
    """Return why a site is refused, and what it is warned of."""
    refused: list[Problem] = []
    warned: list[Problem] = []
    for lint in (lint for lints in LINTS.values() for lint in lints):
        found = [
            replace(problem, message=f"{problem.message} [{lint.name}]")
            for problem in lint.judge(subject)
        ]
        (refused if lint.refuses else warned).extend(found)
    return refused, warned
