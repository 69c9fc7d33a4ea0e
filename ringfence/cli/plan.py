"""``ringfence plan``."""

import shlex
from pathlib import Path

import click

from ringfence.cli.deploying import report_deployment, run_plan, warn_of_people
from ringfence.cli.documents import of_deployment, print_document
from ringfence.cli.options import (
    json_option,
    limit_option,
    role_option,
    runs_option,
    site_argument,
)
from ringfence.site import load_site

CHANGES_PENDING = 2


@click.command(epilog="Example: ringfence plan inventories/lab --limit pbx --role ssh")
@site_argument
@limit_option
@role_option
@json_option
@runs_option
def plan(site: Path, limit: str | None, roles: str | None, as_json: bool, runs: Path | None) -> int:
    """Show what apply would change on SITE's hosts; change nothing.

    Exits with 2 when changes are pending.
    """
    loaded = load_site(site)
    outcome = run_plan(loaded, site, limit, roles, runs)
    if as_json:
        print_document(of_deployment(outcome))
    else:
        report_deployment(outcome)
    warn_of_people(loaded)
    if outcome.failed:
        return 1
    if outcome.changes and not as_json:
        again = ["ringfence", "apply", str(site)]
        again += ["--limit", limit] if limit else []
        again += ["--role", roles] if roles else []
        click.echo(f"apply with: {shlex.join(again)}")
    return CHANGES_PENDING if outcome.changes else 0
