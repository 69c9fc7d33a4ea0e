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
from ringfence.pki.readiness import demand_authority
from ringfence.planning import plan
from ringfence.secrets import second_factors
from ringfence.side_by_side import side_by_side
from ringfence.site import Host, Site
from ringfence.site.inventory_file import demand_inventory
from ringfence.site.problems import nearest
from ringfence.steps import Say, part
from ringfence.supported import SYSTEM, unsupported
from ringfence.verify.runs import new_run_folder
from ringfence.verify.session import UnreachableError

REBOOT = """\
[ ! -e /run/reboot-required ] || echo its packages ask for one
cat /run/ringfence-reboot/* 2>/dev/null
systemd-detect-virt -qc && exit
runs=$(uname -r)
newest=$({ echo "$runs"; ls /boot/vmlinuz-* 2>/dev/null; } |
    sed 's,.*/vmlinuz-,,' | sort -V | tail -n 1)
[ "$newest" = "$runs" ] || echo "kernel $newest is installed, $runs runs"
"""
"""What tells whether a host is due for a reboot; a container has no kernel of its own."""
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
    cannot be kept; UsageError when the site lacks its inventory.py, or an authority that a role
    needs.
    """
    demand_inventory(site)
    demand_authority(site, hosts, roles)
    native = _native(site, None if whole_site else hosts, roles, dry=False, parallel=parallel)
    click.echo(native, err=True)
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
    """Plan on the hosts that answer; the others are outcomes too.

    Raises ToolError; UsageError when the site lacks its inventory.py, or an authority that a role
    needs.
    """
    demand_inventory(site)
    demand_authority(site, hosts, roles)
    with Progress(title="plan", hosts=[host.name for host in hosts]) as progress:
        refused, reboots = _examined(site, hosts, progress, parallel)
        answering = [host for host in hosts if host.name not in refused]
        named = None if whole_site and not refused else answering
        progress.print(_native(site, named, roles, dry=True, parallel=parallel))
        outcome = Deployment(True, {})
        if answering:
            folder = new_run_folder(runs_folder(argument, runs))
            outcome = _plan(site, answering, roles, folder, part(progress, ANSWERED, 1.0), parallel)
    for name, reason in reboots.items():
        outcome.hosts[name].reboot = reason
    gone = {
        name: HostOutcome(trouble=[reason], completed=False) for name, reason in refused.items()
    }
    return replace(outcome, hosts={**outcome.hosts, **gone})


def _plan(
    site: Site, hosts: list[Host], roles: str | None, folder: Path, say: Say, parallel: int
) -> Deployment:
    channels = [Channel(site, host) for host in hosts]
    try:
        ask = {channel.host.name: channel.ask for channel in channels}
        return plan(site, hosts, roles, folder, say, ask, parallel, with_files=True)
    finally:
        for channel in channels:
            channel.close()


def warn_of_people(site: Site) -> None:
    """Say who would be left outside a bastion for want of a second factor."""
    for warning in second_factors.warnings(site):
        click.echo(f"warning: {warning}", err=True)


def _native(
    site: Site, hosts: list[Host] | None, roles: str | None, dry: bool, parallel: int
) -> str:
    """Return the line that says what an operator would type for the same with pyinfra alone."""
    words = ["pyinfra", *pyinfra_arguments(site, hosts, roles, dry, parallel)]
    return f"+ {shlex.join(words)}"


def demand_roles(site: Site, roles: str | None) -> None:
    """Raise UsageError when a role is unknown."""
    for role in (roles or "").split(",") if roles is not None else ():
        if role not in site.house.roles:
            raise UsageError(f"there is no role {role!r}{nearest(role, site.house.roles)}")


def _examined(
    site: Site, hosts: list[Host], say: Say, parallel: int
) -> tuple[dict[str, str], dict[str, str]]:
    """Return why hosts can't be planned for, and why others are due for a reboot, by name."""

    def ask(host: Host) -> tuple[str, str]:
        say(host.name, "asked whether it answers")
        channel = Channel(site, host)
        try:
            system, reboot = channel.ask_patiently(SYSTEM, REBOOT)
        except UnreachableError as error:
            say(host.name, "unreachable", 1.0, failed=True)
            return f"unreachable: {error}", ""
        finally:
            channel.close()
        if foreign := unsupported(system.stdout.decode("utf-8", "replace")):
            say(host.name, foreign, 1.0, failed=True)
            return f"refused: {foreign}", ""
        say(host.name, "answered", ANSWERED)
        return "", " ".join(reboot.stdout.decode("utf-8", "replace").split())

    found = dict(
        zip([host.name for host in hosts], side_by_side(hosts, ask, parallel), strict=True)
    )
    refused = {name: reason for name, (reason, _) in found.items() if reason}
    return refused, {name: reboot for name, (_, reboot) in found.items() if reboot}
