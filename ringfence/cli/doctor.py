"""``ringfence doctor``."""

from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from ringfence.cli.documents import print_document
from ringfence.cli.options import (
    json_option,
    limit_option,
    runs_folder,
    runs_option,
    site_argument,
)
from ringfence.cli.progress import Progress
from ringfence.doctor import State, examine
from ringfence.site import load_site

STYLES = {State.OK: "green", State.WARNING: "yellow", State.PROBLEM: "bold red"}


@click.command(epilog="Example: ringfence doctor inventories/lab --limit pbx")
@site_argument
@limit_option
@json_option
@runs_option
def doctor(site: Path, limit: str | None, as_json: bool, runs: Path | None) -> int:
    """Find what stands in the way of runs on SITE's hosts; change nothing.

    Looks at programs, keys and folders here, at what the site lacks (an authority, second factors,
    an identity that opens its secrets), and at each host: does it answer, is its clock right, is
    there room, would apply be refused. Exits with 1 when there is a problem.
    """
    loaded = load_site(site)
    hosts = loaded.select(limit)
    with Progress(title="doctor", hosts=[host.name for host in hosts]) as progress:
        findings = examine(loaded, hosts, runs_folder(site, runs), progress)
    if as_json:
        print_document([asdict(finding) for finding in findings])
    else:
        console = Console(highlight=False, soft_wrap=True)
        for found in findings:
            mark = Text(f"{found.state.value:8}", STYLES[found.state])
            console.print(Text.assemble(mark, f" {found.about}: {found.text}"))
    return 1 if any(found.state is State.PROBLEM for found in findings) else 0
