"""``ringfence rollback``."""

import shlex
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from ringfence.cli.documents import of_deployment, of_run, of_states, print_document
from ringfence.cli.options import (
    json_option,
    limit_option,
    runs_folder,
    runs_option,
    site_argument,
)
from ringfence.cli.outcomes import report_deployment
from ringfence.cli.progress import Progress
from ringfence.cli.verify import summarise, verify_and_keep
from ringfence.errors import UsageError
from ringfence.guard.record import save_record
from ringfence.guard.rollback import kept_states, roll_back
from ringfence.guard.states import RUN_ID, Kept, Target
from ringfence.site import Site, load_site
from ringfence.verify.runs import new_run_folder
from ringfence.verify.verification import exit_code

CHANGES_PENDING = 2


@click.command(
    epilog="Example: ringfence rollback inventories/lab --limit pbx1 --to 20261121T221257Z-5f0a54"
)
@site_argument
@limit_option
@click.option("--to", "to", metavar="RUN", help="As it was at the END of this run.")
@click.option("--before", metavar="RUN", help="As it was just before this run: undoes it too.")
@click.option("--dry-run", is_flag=True, help="Show what would come back; change nothing.")
@click.option("--no-verify", is_flag=True, help="Leave out the verification at the end.")
@json_option
@runs_option
def rollback(
    site: Path,
    limit: str | None,
    to: str | None,
    before: str | None,
    dry_run: bool,
    no_verify: bool,
    as_json: bool,
    runs: Path | None,
) -> int:
    """Put SITE's hosts back as they were at the end of RUN, under the guard.

    Undoes what every later apply or rollback changed in files and services, the newest first;
    RUN may be any run of the site, also one that only verified. Packages stay. Each host keeps
    the states of its last five changes. Without --to and --before: lists them.
    """
    loaded = load_site(site)
    if to is None and before is None:
        return _list(loaded, limit, as_json)
    target = _target(to, before)
    hosts = loaded.select(limit)
    kept = runs_folder(site, runs)
    is_known = (kept / target.run).is_dir()
    started_at = datetime.now(UTC)
    folder = new_run_folder(kept)
    try:
        with Progress(title="rollback", hosts=[host.name for host in hosts]) as progress:
            outcome = roll_back(loaded, hosts, target, is_known, folder, progress, dry_run)
    except UsageError:
        folder.rmdir()
        raise
    command = shlex.join(["ringfence", *sys.argv[1:]])
    save_record(outcome, folder, command, started_at, "rollback.json")
    document = {"rollback": of_deployment(outcome)}
    if not as_json:
        report_deployment(outcome)
    elif dry_run or no_verify:
        print_document(document)
    if dry_run:
        return 1 if outcome.failed else CHANGES_PENDING if outcome.changes else 0
    verified = 0
    if not no_verify:
        run, kept_in = verify_and_keep(loaded, site, hosts, runs=runs, as_deployer=True)
        if as_json:
            print_document(document | {"verify": of_run(run, kept_in)})
        else:
            summarise(run, kept_in, site)
        verified = exit_code(run)
    return 1 if outcome.failed else verified


def _target(to: str | None, before: str | None) -> Target:
    if to is not None and before is not None:
        raise UsageError("--to and --before exclude each other: name one run")
    name = Path(to or before or "").name
    if not RUN_ID.fullmatch(name):
        raise UsageError(
            f"{to or before!r} is no run's id, which looks like 20261121T221257Z-5f0a54 "
            "(ringfence rollback SITE lists them)"
        )
    return Target(name, to is None)


def _list(site: Site, limit: str | None, as_json: bool) -> int:
    hosts = site.select(limit)
    with Progress(title="rollback", hosts=[host.name for host in hosts]) as progress:
        found = kept_states(site, hosts, progress)
    if as_json:
        print_document(of_states(found))
    else:
        _show(found)
    return 1 if any(isinstance(known, str) for known in found.values()) else 0


def _show(found: dict[str, list[Kept] | str]) -> None:
    for name, known in found.items():
        click.echo(f"{name}: {known}" if isinstance(known, str) else f"{name}:")
        for line in () if isinstance(known, str) else _lines(known):
            click.echo(f"  {line}")


def _lines(known: list[Kept]) -> Iterator[str]:
    if not known:
        yield "no run has changed it since it keeps former states"
    for kept in reversed(known):
        if kept.changes is None:
            yield f"{kept.run}  {kept.owner}: can't be undone any more"
            return
        count = "1 change" if kept.changes == 1 else f"{kept.changes} changes"
        yield f"{kept.run}  {kept.owner}: {count} of files and services"
