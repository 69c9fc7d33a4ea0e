"""What plan and apply share: run pyinfra, and tell every host's outcome."""

import shlex
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from ringfence.cli.options import runs_folder
from ringfence.cli.progress import Progress
from ringfence.deployment import Deployment, HostOutcome, pyinfra_arguments
from ringfence.errors import UsageError
from ringfence.guard.applying import apply_guarded
from ringfence.guard.channel import Channel
from ringfence.guard.record import save_record
from ringfence.planning import plan
from ringfence.secrets import second_factors
from ringfence.side_by_side import side_by_side
from ringfence.site import Host, Site
from ringfence.site.problems import nearest
from ringfence.steps import Say, part
from ringfence.verify.runs import new_run_folder
from ringfence.verify.session import UnreachableError

ANSWERED = 0.1
"""The share of a plan's time after which a host is known to answer."""


def run_apply(
    site: Site,
    argument: Path,
    hosts: list[Host],
    roles: str | None,
    runs: Path | None,
    parallel: int,
    whole_site: bool,
    title: str = "apply",
) -> tuple[Deployment, Path]:
    """Apply under the guard, and keep the record of it; hosts that do not answer are outcomes too.

    Returns the outcome and the run's folder. Raises ToolError when the plan failed, or when the run
    cannot be kept.
    """
    _show_native(site, None if whole_site else hosts, roles, dry=False, parallel=parallel)
    folder = new_run_folder(runs_folder(argument, runs))
    started_at = datetime.now(UTC)
    with Progress(title=title, hosts=[host.name for host in hosts]) as progress:
        outcome = apply_guarded(site, hosts, roles, folder, progress, parallel)
    save_record(outcome, folder, shlex.join(["ringfence", *sys.argv[1:]]), started_at)
    return outcome, folder


def run_plan(
    site: Site,
    argument: Path,
    hosts: list[Host],
    roles: str | None,
    runs: Path | None,
    parallel: int,
    whole_site: bool,
) -> Deployment:
    """Plan on the hosts that answer; the others are outcomes too. Raises ToolError."""
    with Progress(title="plan", hosts=[host.name for host in hosts]) as progress:
        silent = _unreachable(site, hosts, progress, parallel)
        answering = [host for host in hosts if host.name not in silent]
        named = None if whole_site and not silent else answering
        _show_native(site, named, roles, dry=True, parallel=parallel)
        outcome = Deployment(True, {})
        if answering:
            folder = new_run_folder(runs_folder(argument, runs))
            outcome = _plan(site, answering, roles, folder, part(progress, ANSWERED, 1.0), parallel)
    gone = {
        name: HostOutcome(trouble=[f"unreachable: {reason}"], completed=False)
        for name, reason in silent.items()
    }
    return replace(outcome, hosts={**outcome.hosts, **gone})


def _plan(
    site: Site, hosts: list[Host], roles: str | None, folder: Path, say: Say, parallel: int
) -> Deployment:
    channels = [Channel(site, host) for host in hosts]
    try:
        ask = {channel.host.name: channel.ask for channel in channels}
        return plan(site, hosts, roles, folder, say, ask, parallel)
    finally:
        for channel in channels:
            channel.close()


def report_deployment(outcome: Deployment) -> None:
    """Print each host's outcome, and its operations that changed something or failed."""
    verb = "would change" if outcome.dry else "changed"
    for name, host in sorted(outcome.hosts.items()):
        state = "FAILED" if host.failed or not host.completed else "ok"
        state = "REVERTED" if host.reverted else state
        click.echo(f"{name}: {state}, {_counts(host, outcome.dry)}")
        for line in host.guard:
            click.echo(f"  guard: {line}")
        for operation in host.changed:
            click.echo(f"  {verb}: {operation}")
        for operation in host.failed:
            click.echo(f"  failed: {operation}")
        for line in dict.fromkeys(host.trouble):
            if state != "ok" or line.startswith("ringfence: "):
                click.echo(f"  {line}")


def warn_of_people(site: Site) -> None:
    """Say who would be left outside a bastion for want of a second factor."""
    for warning in second_factors.warnings(site):
        click.echo(f"warning: {warning}", err=True)


def _counts(host: HostOutcome, dry: bool) -> str:
    if dry:
        return f"{len(host.changed)} would change"
    if host.completed and not host.changed and not host.unchanged:
        return "0 changed: nothing to change"
    return (
        f"{len(host.changed)} changed, {len(host.unchanged)} unchanged, {len(host.failed)} failed"
    )


def _show_native(
    site: Site, hosts: list[Host] | None, roles: str | None, dry: bool, parallel: int
) -> None:
    native = ["pyinfra", *pyinfra_arguments(site, hosts, roles, dry, parallel)]
    click.echo(f"+ {shlex.join(native)}", err=True)


def demand_roles(site: Site, roles: str | None) -> None:
    """Raise UsageError when a role is unknown."""
    for role in (roles or "").split(",") if roles is not None else ():
        if role not in site.house.roles:
            raise UsageError(f"there is no role {role!r}{nearest(role, site.house.roles)}")


def _unreachable(site: Site, hosts: list[Host], say: Say, parallel: int) -> dict[str, str]:
    """Return the hosts on which a command cannot be run as root, with the reason."""

    def ask(host: Host) -> str:
        channel = Channel(site, host)
        try:
            channel.ask_patiently("true")
        except UnreachableError as error:
            say(host.name, "unreachable", 1.0, failed=True)
            return str(error)
        finally:
            channel.close()
        say(host.name, "answered", ANSWERED)
        return ""

    reasons = side_by_side(hosts, ask, parallel)
    return {host.name: reason for host, reason in zip(hosts, reasons, strict=True) if reason}
