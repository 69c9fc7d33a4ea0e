"""``ringfence verify``."""

import os
import shlex
import sys
from collections import Counter
from pathlib import Path

import click
from rich.console import Console

from ringfence.cli.documents import of_run, print_document
from ringfence.cli.options import (
    controls_option,
    json_option,
    limit_option,
    parallel_option,
    runs_folder,
    runs_option,
    site_argument,
)
from ringfence.cli.progress import Progress
from ringfence.cli.report import written
from ringfence.report.summary import print_summary
from ringfence.side_by_side import HOSTS_AT_ONCE
from ringfence.site import Host, Site, load_site
from ringfence.verify.runs import Run
from ringfence.verify.suite import pytest_arguments
from ringfence.verify.verification import exit_code
from ringfence.verify.verification import verify as judge

ANSWERED = 0.5
"""The share of a verification's time after which a host has answered what was known beforehand."""


@click.command(epilog="Example: ringfence verify inventories/lab --limit pbx --control SSH-01")
@site_argument
@limit_option
@controls_option
@click.option(
    "--from-snapshot",
    metavar="RUN",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Judge the answers that a run kept; ask no host.",
)
@click.option(
    "--as-deployer",
    is_flag=True,
    help="Ask as the account that deploys: hosts that were never applied know no other.",
)
@parallel_option
@json_option
@runs_option
def verify(
    site: Path,
    limit: str | None,
    controls: str | None,
    from_snapshot: Path | None,
    as_deployer: bool,
    parallel: int,
    as_json: bool,
    runs: Path | None,
) -> int:
    """Judge every host of SITE against the baseline, and keep the run."""
    loaded = load_site(site)
    run, folder = verify_and_keep(
        loaded, site, loaded.select(limit), controls, from_snapshot, runs, as_deployer, parallel
    )
    if as_json:
        print_document(of_run(run, folder))
    else:
        summarise(run, folder, site)
    return exit_code(run)


def verify_and_keep(
    site: Site,
    argument: Path,
    hosts: list[Host],
    controls: str | None = None,
    from_snapshot: Path | None = None,
    runs: Path | None = None,
    as_deployer: bool = False,
    parallel: int = HOSTS_AT_ONCE,
    title: str = "verify",
) -> tuple[Run, Path]:
    """Verify, write the run's reports, and return the run and its folder."""
    native = ["pytest", *pytest_arguments(site, hosts, controls, as_deployer, parallel)]
    click.echo(f"+ {shlex.join(native)}", err=True)
    typed = shlex.join(["ringfence", *sys.argv[1:]])
    with Progress(title=title, hosts=[host.name for host in hosts]) as progress:
        for host in hosts:
            progress.step(host.name, "asked")
        run, folder = judge(
            site,
            runs_folder(argument, runs),
            typed,
            hosts,
            controls,
            from_snapshot,
            _Steps(progress),
            as_deployer,
            parallel,
        )
    written(run, folder)
    return run, folder


def summarise(run: Run, folder: Path, argument: Path) -> None:
    """Print the summary of a run, and where it is kept."""
    print_summary(run, Console(highlight=False), str(argument))
    click.echo(f"run: {os.path.relpath(folder)}  report: {os.path.relpath(folder / 'report.html')}")


class _Steps:
    """Shows the steps of a verification by host."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._judged: Counter[str] = Counter()
        self._tests: dict[str, int] = {}

    def __call__(self, step: str) -> None:
        action, host, *more = step.split()
        if action == "lost":
            self._progress.failed(host, "unreachable")
        elif action == "asked":
            self._progress.step(host, "answered", ANSWERED)
        elif action == "tests":
            self._tests[host] = int(more[0])
        else:
            self._judged[host] += 1
            judged, tests = self._judged[host], self._tests[host]
            share = ANSWERED + (1 - ANSWERED) * judged / tests
            self._progress.step(host, f"{judged} of {tests} tests judged", share)
