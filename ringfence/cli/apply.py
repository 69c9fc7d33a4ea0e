"""``ringfence apply``."""

from pathlib import Path
from typing import Any

import click

from ringfence.cli.deploying import report_deployment, run_apply, warn_of_people
from ringfence.cli.documents import of_deployment, of_run, print_document
from ringfence.cli.options import (
    json_option,
    limit_option,
    role_option,
    runs_option,
    site_argument,
)
from ringfence.cli.verify import summarise, verify_and_keep
from ringfence.site import load_site
from ringfence.verify.verification import exit_code


@click.command(epilog="Example: ringfence apply inventories/lab --limit pbx1 --role ssh")
@site_argument
@limit_option
@role_option
@click.option("--no-verify", is_flag=True, help="Leave out the verification at the end.")
@json_option
@runs_option
def apply(
    site: Path,
    limit: str | None,
    roles: str | None,
    no_verify: bool,
    as_json: bool,
    runs: Path | None,
) -> int:
    """Bring SITE's hosts to their baseline, then verify them.

    A host that a change of ssh, firewall or accounts locks you out of puts itself back.
    """
    loaded = load_site(site)
    outcome = run_apply(loaded, site, limit, roles, runs)
    if not as_json:
        report_deployment(outcome)
    warn_of_people(loaded)
    document: dict[str, Any] = {"apply": of_deployment(outcome)}
    verified = 0
    if not no_verify:
        run, folder = verify_and_keep(loaded, site, limit, runs=runs, as_deployer=True)
        document["verify"] = of_run(run, folder)
        verified = exit_code(run)
        if not as_json:
            summarise(run, folder, site)
    if as_json:
        print_document(document)
    return 1 if outcome.failed else verified
