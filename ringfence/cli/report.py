"""``ringfence report``."""

from pathlib import Path

import click

from ringfence.report import write_reports
from ringfence.verify.runs import Run


@click.command(epilog="Example: ringfence report inventories/lab/runs/20261121T230102Z-4f1c2a")
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path, exists=True, file_okay=False))
def report(run: Path) -> int:
    """Make the reports of RUN again, from what it kept."""
    for path in write_reports(Run.load(run), run):
        click.echo(path)
    return 0
