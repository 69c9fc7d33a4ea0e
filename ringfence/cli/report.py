"""``ringfence report``."""

from pathlib import Path

import click

from ringfence.cli.documents import print_document
from ringfence.cli.options import json_option
from ringfence.cli.progress import Progress
from ringfence.report import REPORTS, write_reports
from ringfence.verify.runs import Run


@click.command(epilog="Example: ringfence report inventories/lab/runs/20261121T230102Z-4f1c2a")
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path, exists=True, file_okay=False))
@json_option
def report(run: Path, as_json: bool) -> int:
    """Make the reports of RUN again, from what it kept; tell where they are."""
    paths = written(Run.load(run), run)
    if as_json:
        print_document({"reports": {path.name: str(path.resolve()) for path in paths}})
        return 0
    for path in paths:
        click.echo(path)
    return 0


def written(run: Run, folder: Path) -> list[Path]:
    """Write the reports of a run into its folder, showing how far they are; return the paths."""
    with Progress(title="report", hosts=list(REPORTS), counted="reports") as progress:
        return write_reports(run, folder, progress)
