"""``ringfence apply``."""

from pathlib import Path

import click

from ringfence.cli.deploying import report_deployment, run_apply, warn_of_people
from ringfence.cli.options import limit_option, role_option, runs_option, site_argument
from ringfence.cli.verify import verify_and_report
from ringfence.site import load_site


@click.command(epilog="Example: ringfence apply inventories/lab --limit pbx1 --role ssh")
@site_argument
@limit_option
@role_option
@click.option("--no-verify", is_flag=True, help="Leave out the verification at the end.")
@runs_option
def apply(
    site: Path, limit: str | None, roles: str | None, no_verify: bool, runs: Path | None
) -> int:
    """Bring SITE's hosts to their baseline, then verify them.

    A host that a change of ssh, firewall or accounts locks you out of puts itself back.
    """
    loaded = load_site(site)
    outcome = run_apply(loaded, site, limit, roles, runs)
    report_deployment(outcome)
    warn_of_people(loaded)
    verified = (
        0 if no_verify else verify_and_report(loaded, site, limit, runs=runs, as_deployer=True)
    )
    return 1 if outcome.failed else verified
