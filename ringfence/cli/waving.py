"""``--waves``: which hosts go when, the record of it, and what is told of it."""

import shlex
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from ringfence.guard.record import write_record
from ringfence.rollout import Brought, Wave, roll_out
from ringfence.site import Host, Site
from ringfence.verify.runs import new_run_folder
from ringfence.waves import partition, sizes, whole


def waves_of(site: Site, hosts: list[Host], text: str) -> list[list[Host]]:
    """Share hosts out among waves, and warn of a group that stands whole in one.

    Raises UsageError: `text` is no list of sizes, or leaves hosts out.
    """
    groups = {name: [host.name for host in members] for name, members in site.groups.items()}
    chosen = {host.name: host for host in hosts}
    found = partition(list(chosen), groups, sizes(text, len(hosts)))
    for number, wave in enumerate(found, start=1):
        for group in whole(wave, groups):
            click.echo(
                f"warning: wave {number} has every host of group {group}: smaller waves would "
                "leave one of them alone",
                err=True,
            )
    return [[chosen[name] for name in wave] for wave in found]


def in_waves(waves: list[list[Host]], bring: Callable[[Wave], Brought], runs: Path) -> list[Wave]:
    """Bring wave after wave to its baseline; keep `waves.json` in a run of its own."""
    folder, started_at = new_run_folder(runs), datetime.now(UTC)
    command = shlex.join(["ringfence", *sys.argv[1:]])

    def keep(known: list[Wave]) -> None:
        content = {"waves": [record_of(wave) for wave in known]}
        write_record(folder / "waves.json", command, started_at, content)

    def announce_and_bring(wave: Wave) -> Brought:
        names = ", ".join(host.name for host in wave.hosts)
        click.echo(f"wave {wave.number} of {len(waves)}: {names}", err=True)
        return bring(wave)

    return roll_out(waves, announce_and_bring, keep)


def record_of(wave: Wave) -> dict[str, object]:
    """Return what a wave's record says: its hosts' outcomes, and the runs that have the rest."""
    brought = wave.brought
    return {
        "wave": wave.number,
        "outcome": wave.outcome,
        "hosts": wave.outcomes,
        "apply": brought.apply_folder.name if brought else None,
        "verify": brought.run_folder.name if brought and brought.run_folder else None,
    }


def show_waves(waves: list[list[Host]]) -> None:
    """Print which hosts each wave would take."""
    for number, wave in enumerate(waves, start=1):
        click.echo(f"wave {number}: {', '.join(host.name for host in wave)}")


def report_waves(waves: list[Wave]) -> None:
    """Print the outcome of each wave and of each of its hosts."""
    for wave in waves:
        click.echo(f"wave {wave.number} of {len(waves)}: {wave.outcome}")
        for name, outcome in wave.outcomes.items():
            click.echo(f"  {name}: {outcome}")
