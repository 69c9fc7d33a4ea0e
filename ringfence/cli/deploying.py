"""What plan and apply share: run pyinfra, and tell every host's outcome."""

import shlex
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from ringfence.cli.options import runs_folder
from ringfence.deployment import Deployment, HostOutcome, pyinfra_arguments
from ringfence.errors import UsageError
from ringfence.guard.applying import apply_guarded
from ringfence.guard.channel import Channel
from ringfence.guard.record import save_record
from ringfence.planning import plan
from ringfence.secrets import second_factors
from ringfence.site import Host, Site
from ringfence.site.problems import nearest
from ringfence.verify.runs import new_run_folder
from ringfence.verify.session import UnreachableError

HOSTS_AT_ONCE = 32


def run_apply(
    site: Site, argument: Path, limit: str | None, roles: str | None, runs: Path | None
) -> Deployment:
    """Apply under the guard, and keep the record of it; hosts that do not answer are outcomes too.

    Raises:
        UsageError: a role or host is unknown, or none matches.
        ToolError: the plan failed, or the run cannot be kept.
    """
    hosts = site.select(limit)
    _demand_roles(site, roles)
    _show_native(site, hosts if limit else None, roles, dry=False)
    folder = new_run_folder(runs_folder(argument, runs))
    started_at = datetime.now(UTC)
    outcome = apply_guarded(site, hosts, roles, folder, say_step)
    save_record(outcome, folder, shlex.join(["ringfence", *sys.argv[1:]]), started_at)
    return outcome


def run_plan(
    site: Site, argument: Path, limit: str | None, roles: str | None, runs: Path | None
) -> Deployment:
    """Plan on the hosts that answer; the others are outcomes too.

    Raises:
        UsageError: a role or host is unknown, or none matches.
        ToolError: pyinfra itself failed.
    """
    hosts = site.select(limit)
    _demand_roles(site, roles)
    silent = _unreachable(site, hosts)
    answering = [host for host in hosts if host.name not in silent]
    _show_native(site, answering if limit else None, roles, dry=True)
    outcome = Deployment(True, {})
    if answering:
        folder = new_run_folder(runs_folder(argument, runs))
        outcome = _plan(site, answering, roles, folder)
    gone = {
        name: HostOutcome(trouble=[f"unreachable: {reason}"], completed=False)
        for name, reason in silent.items()
    }
    return replace(outcome, hosts={**outcome.hosts, **gone})


def _plan(site: Site, hosts: list[Host], roles: str | None, folder: Path) -> Deployment:
    channels = [Channel(site, host) for host in hosts]
    try:
        ask = {channel.host.name: channel.ask for channel in channels}
        return plan(site, hosts, roles, folder, say_step, ask)
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


def say_step(operation: str) -> None:
    """Tell a step to somebody who watches."""
    if sys.stderr.isatty():
        click.echo(f"  {operation}", err=True)


def _show_native(site: Site, hosts: list[Host] | None, roles: str | None, dry: bool) -> None:
    native = ["pyinfra", *pyinfra_arguments(site, hosts, roles, dry)]
    click.echo(f"+ {shlex.join(native)}", err=True)


def _demand_roles(site: Site, roles: str | None) -> None:
    for role in (roles or "").split(",") if roles is not None else ():
        if role not in site.house.roles:
            raise UsageError(f"there is no role {role!r}{nearest(role, site.house.roles)}")


def _unreachable(site: Site, hosts: list[Host]) -> dict[str, str]:
    """Return the hosts on which a command cannot be run as root, with the reason."""

    def ask(host: Host) -> str:
        channel = Channel(site, host)
        try:
            channel.ask_patiently("true")
        except UnreachableError as error:
            return str(error)
        finally:
            channel.close()
        return ""

    with ThreadPoolExecutor(max_workers=HOSTS_AT_ONCE) as pool:
        reasons = dict(zip([host.name for host in hosts], pool.map(ask, hosts), strict=True))
    return {name: reason for name, reason in reasons.items() if reason}
