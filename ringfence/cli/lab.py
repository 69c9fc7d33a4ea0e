"""`ringfence lab`: disposable real hosts on this computer."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from ringfence import lab as labs
from ringfence.cli.completing import hosts as declared_hosts
from ringfence.cli.completing import one_of
from ringfence.cli.progress import Progress
from ringfence.errors import UsageError
from ringfence.lab import commands
from ringfence.lab.inbox import messages
from ringfence.lab.paths import LabPaths

site_argument = click.argument("site", type=click.Path(path_type=Path))
hosts_argument = click.argument("hosts", nargs=-1, shell_complete=one_of(declared_hosts))


@click.group()
def lab() -> None:
    """Start and throw away real hosts on this computer.

    SITE is a site's folder with a lab.yml, such as inventories/lab.

    \b
    Example:
      ringfence lab up inventories/lab
    """


@lab.command()
@site_argument
@hosts_argument
def up(site: Path, hosts: tuple[str, ...]) -> None:
    """Start what doesn't run, and wait until ssh answers.

    The first time builds an image for each Debian release (about a minute); later starts copy it.

    \b
    Example:
      ringfence lab up inventories/lab bastion1 agent1
    """
    with _progress("up", site, hosts) as progress:
        labs.up(site, hosts, progress)


@lab.command()
@site_argument
@hosts_argument
def down(site: Path, hosts: tuple[str, ...]) -> None:
    """End the hosts; without names all of them and their network.

    It cleans up after crashes too, and may be run again and again.

    \b
    Example:
      ringfence lab down inventories/lab
    """
    with Progress(title="lab down", lasting=True) as progress:
        labs.down(site, hosts, progress)


@lab.command()
@site_argument
@hosts_argument
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def status(site: Path, hosts: tuple[str, ...], as_json: bool) -> None:
    """Show how each host stands and where its sshd is reached.

    \b
    Example:
      ringfence lab status inventories/lab --json
    """
    found = labs.status(site, hosts)
    if as_json:
        click.echo(json.dumps([asdict(host) for host in found], indent=2))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("host", "kind", "debian", "state", "address", "ssh port", "pid", "up"):
        table.add_column(heading)
    for host in found:
        up_for = f"{host.seconds:.0f} s" if host.seconds is not None else ""
        table.add_row(
            *(host.name, host.kind, str(host.debian), host.state, host.address),
            *(str(host.port or ""), str(host.pid or ""), up_for),
        )
    Console(highlight=False).print(table)


@lab.command()
@site_argument
@hosts_argument
def reset(site: Path, hosts: tuple[str, ...]) -> None:
    """Put hosts back to the clean state in which they first came up.

    \b
    Example:
      ringfence lab reset inventories/lab agent1
    """
    with _progress("reset", site, hosts) as progress:
        labs.reset(site, hosts, progress)


@lab.command()
@site_argument
@hosts_argument
@click.option(
    "--power-cut",
    is_flag=True,
    help="As when the power fails: nothing is shut down, nothing more is written. For machines.",
)
def reboot(site: Path, hosts: tuple[str, ...], power_cut: bool) -> None:
    """Reboot hosts for real, and wait until they are back.

    \b
    Example:
      ringfence lab reboot inventories/lab pbx1 --power-cut
    """
    with _progress("reboot", site, hosts) as progress:
        labs.reboot(site, hosts, progress, power_cut=power_cut)


@lab.command(context_settings={"ignore_unknown_options": True})
@site_argument
@click.argument("host", shell_complete=one_of(declared_hosts))
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def ssh(site: Path, host: str, command: tuple[str, ...]) -> None:
    """Log in to a host as the deploy user, or run a command there.

    \b
    Example:
      ringfence lab ssh inventories/lab pbx1 sudo sshd -T
    """
    commands.load_hosts(site, [host])
    paths = LabPaths(site)
    if not paths.ssh_config.exists():
        raise UsageError(f"the lab was never started: ringfence lab up {site}")
    sys.stdout.flush()
    os.execvp("ssh", ["ssh", "-F", str(paths.ssh_config), host, *command])  # noqa: S606


@lab.command()
@site_argument
@click.argument("host", required=False, shell_complete=one_of(declared_hosts))
@click.option("--follow", "-f", is_flag=True, help="Go on printing as it grows.")
@click.option("--lines", "-n", default=50, show_default=True, help="How many lines to print.")
def logs(site: Path, host: str | None, follow: bool, lines: int) -> None:
    """Print the end of a host's console; without a host name the logs there are.

    \b
    Example:
      ringfence lab logs inventories/lab pbx1
    """
    paths = LabPaths(site)
    if host is None:
        for log in sorted(paths.log("").glob("*")):
            click.echo(log)
        return
    log = paths.log(f"{host}.console")
    if not log.exists():
        commands.load_hosts(site, [host])
        raise UsageError(f"{host} has no log: it was never started")
    if follow:
        sys.stdout.flush()
        os.execvp("tail", ["tail", "-n", str(lines), "-F", "--", str(log)])  # noqa: S606
    text = log.read_text(errors="replace").splitlines()
    click.echo("\n".join(text[-lines:]))


@lab.command()
@site_argument
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def inbox(site: Path, as_json: bool) -> None:
    """Show the alerts that hosts sent to the lab's servers of mail and HTTP.

    \b
    Example:
      ringfence lab inbox inventories/lab
    """
    if commands.load_hosts(site, None)[0].inbox is None:
        raise UsageError(f"{site / 'lab.yml'} has no inbox: add `inbox: {{mail: 2525, web: 8025}}`")
    found = list(messages(LabPaths(site).inbox))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=2))
        return
    if not found:
        click.echo("nothing came yet", err=True)
    for one in found:
        first, *others = one.text.splitlines() or [""]
        click.echo(f"{one.received}  {one.by:4}  {first}")
        for line in others:
            click.echo(f"    {line}".rstrip())


@lab.command()
@click.argument("site", type=click.Path(path_type=Path), required=False)
def tools(site: Path | None) -> None:
    """Print the Debian packages that the lab needs and this machine lacks, on one line.

    \b
    Example:
      apt-get install $(ringfence lab tools inventories/lab)
    """
    kinds = {"machine", "container"}
    if site:
        kinds = {host.kind for host in commands.load_hosts(site, None)[1]}
    if missing := labs.missing_packages(kinds):
        click.echo(" ".join(sorted(missing)))


def _progress(verb: str, site: Path, hosts: tuple[str, ...]) -> Progress:
    names = list(hosts) or [host.name for host in commands.load_hosts(site, None)[1]]
    return Progress(title=f"lab {verb}", hosts=names, lasting=True)
