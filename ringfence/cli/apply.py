"""``ringfence apply``."""

from pathlib import Path

import click

from ringfence.cli.deploying import demand_roles, run_apply, warn_of_people
from ringfence.cli.documents import of_deployment, of_run, of_waves, print_document
from ringfence.cli.options import (
    json_option,
    limit_option,
    parallel_option,
    role_option,
    runs_folder,
    runs_option,
    site_argument,
    waves_option,
)
from ringfence.cli.outcomes import report_deployment
from ringfence.cli.verify import summarise, verify_and_keep
from ringfence.cli.waving import in_waves, report_waves, waves_of
from ringfence.rollout import Brought, Wave
from ringfence.site import Host, load_site
from ringfence.verify.verification import exit_code


@click.command(epilog="Example: ringfence apply inventories/lab --limit pbx1 --role ssh")
@site_argument
@limit_option
@role_option
@waves_option("Change some hosts first, then more: cumulative sizes such as 1,10%,100%.")
@parallel_option
@click.option("--no-verify", is_flag=True, help="Leave out the verification at the end.")
@json_option
@runs_option
def apply(
    site: Path,
    limit: str | None,
    roles: str | None,
    waves: str | None,
    parallel: int,
    no_verify: bool,
    as_json: bool,
    runs: Path | None,
) -> int:
    """Bring SITE's hosts to their baseline, then verify them.

    A host that a change of ssh, firewall or accounts locks you out of puts itself back.

    With --waves each wave is applied and verified before the next begins. After a wave in which a
    host failed, was red or did not answer, no further host is touched. See
    docs/how-to/many-hosts.md.
    """
    loaded = load_site(site)
    demand_roles(loaded, roles)
    hosts = loaded.select(limit)

    def bring(chosen: list[Host], whole_site: bool, title: str = "") -> Brought:
        outcome, folder = run_apply(
            loaded, site, chosen, roles, runs, parallel, whole_site, f"{title}apply"
        )
        if not as_json:
            report_deployment(outcome)
        if no_verify:
            return Brought(outcome, folder)
        run, kept = verify_and_keep(
            loaded,
            site,
            chosen,
            runs=runs,
            as_deployer=True,
            parallel=parallel,
            title=f"{title}verify",
        )
        if not as_json:
            summarise(run, kept, site)
        return Brought(outcome, folder, run, kept)

    def bring_wave(wave: Wave) -> Brought:
        return bring(wave.hosts, False, f"wave {wave.number}: ")

    if waves is not None:
        plan = waves_of(loaded, hosts, waves)
        warn_of_people(loaded)
        done = in_waves(plan, bring_wave, runs_folder(site, runs))
        if as_json:
            print_document(of_waves(done))
        else:
            report_waves(done)
        return 0 if all(wave.is_well for wave in done) else 1
    brought = bring(hosts, limit is None)
    warn_of_people(loaded)
    if as_json:
        document = {"apply": of_deployment(brought.deployment)}
        if brought.run and brought.run_folder:
            document["verify"] = of_run(brought.run, brought.run_folder)
        print_document(document)
    if brought.deployment.failed:
        return 1
    return exit_code(brought.run) if brought.run else 0
