"""``ringfence plan``."""

import shlex
from pathlib import Path

import click

from ringfence.cli.deploying import demand_roles, run_plan, warn_of_people
from ringfence.cli.documents import of_deployment, print_document
from ringfence.cli.options import (
    json_option,
    limit_option,
    parallel_option,
    role_option,
    runs_option,
    site_argument,
    waves_option,
)
from ringfence.cli.outcomes import DIFFS, report_deployment
from ringfence.cli.waving import show_waves, waves_of
from ringfence.site import load_site

CHANGES_PENDING = 2


@click.command(epilog="Example: ringfence plan inventories/lab --limit pbx --role ssh")
@site_argument
@limit_option
@role_option
@waves_option("Show too which hosts apply would take in which wave.")
@parallel_option
@click.option(
    "--diff",
    type=click.Choice(DIFFS),
    default="short",
    help="How much of what changes inside files is shown (short).",
)
@json_option
@runs_option
def plan(
    site: Path,
    limit: str | None,
    roles: str | None,
    waves: str | None,
    parallel: int,
    diff: str,
    as_json: bool,
    runs: Path | None,
) -> int:
    """Show what apply would change on SITE's hosts, and what would restart; change nothing.

    Exits with 2 when changes are pending. Of files that not everybody on the host may read it is
    told that they change, not how; secrets of the site are masked.
    """
    loaded = load_site(site)
    demand_roles(loaded, roles)
    hosts = loaded.select(limit)
    waved = waves_of(loaded, hosts, waves) if waves is not None else []
    outcome = run_plan(loaded, site, hosts, roles, runs, parallel, limit is None)
    if as_json:
        names = [[host.name for host in wave] for wave in waved]
        print_document(of_deployment(outcome) | ({"waves": names} if waved else {}))
    else:
        report_deployment(outcome, diff=diff)
        show_waves(waved)
    warn_of_people(loaded)
    if outcome.failed:
        return 1
    if outcome.changes and not as_json:
        again = ["ringfence", "apply", str(site)]
        again += ["--limit", limit] if limit else []
        again += ["--role", roles] if roles else []
        again += ["--waves", waves] if waves else []
        click.echo(f"apply with: {shlex.join(again)}")
    return CHANGES_PENDING if outcome.changes else 0
