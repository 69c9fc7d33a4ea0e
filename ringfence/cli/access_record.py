"""``ringfence access-record``."""

import sys
import time
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

import click

from ringfence.access_record import Answer, Question
from ringfence.access_record.question import day
from ringfence.archive.remote import Collector
from ringfence.archive.site import FOLDER, collectors
from ringfence.archive.sources import Folder, Source
from ringfence.archive.verifying import ARCHIVE
from ringfence.cli.options import chosen_format, json_for, limit_option, site_argument
from ringfence.cli.progress import Progress
from ringfence.errors import UsageError
from ringfence.report.accesses import FORMATS
from ringfence.site import Classification, Site, load_site
from ringfence.steps import Say

PAUSE = 0.1
"""Seconds."""
DATA_GROUPS = ("recordings", "database", "backup_server")
archive_option = click.option(
    "--archive",
    metavar="FOLDER",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder with the collector's files, instead of the collector.",
)


@click.command(
    name="access-record",
    epilog="Example: ringfence access-record inventories/center --since 2026-03-01 "
    "--until 2026-03-01 --person ana --format csv",
)
@site_argument
@click.option("--since", metavar="TIME", help="From this day or moment on (UTC).")
@click.option("--until", metavar="TIME", help="To this day's end, or to this moment (UTC).")
@click.option("--person", metavar="NAME", help="Whoever logged in as NAME (or number of account).")
@click.option("--path", metavar="PATH", help="A file, all below a directory, or a pattern with *.")
@click.option("--denied", is_flag=True, help="Denied attempts alone.")
@limit_option
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    help="A table (without this option), CSV for spreadsheets, JSON Lines for programs.",
)
@json_for("jsonl")
@archive_option
def access_record(
    site: Path,
    since: str | None,
    until: str | None,
    person: str | None,
    path: str | None,
    denied: bool,
    limit: str | None,
    form: str | None,
    as_json: bool,
    archive: Path | None,
) -> int:
    """Show who looked at SITE's personal data: when, which file, how, allowed or denied.

    A row is an access or an attempt. Times are UTC: 2026-03-01, or 2026-03-01T08:30:00Z. The files
    of the days that are asked about are read from the site's collector, over ssh. What makes the
    record less than whole is told on standard error, and the exit code is then 1.
    """
    chosen = FORMATS[chosen_format(form, "table", as_json, "jsonl")]
    loaded = load_site(site)
    question = Question(moment("--since", since), end(until), person, path, denied)
    hosts = chosen_hosts(loaded, limit)
    with Progress(title="access-record", beside=sys.stdout) as progress:
        rows = Rows(progress)
        with closing(opened(loaded, archive, progress)) as source:
            answer = Answer(source, question, hosts, with_personal_data(loaded), rows.say)
            progress.expect(answer.hosts)
            rows.write(chosen(iter(answer)))
    tell(answer.doubts)
    return 1 if answer.doubts else 0


def moment(option: str, text: str | None) -> datetime | None:
    """Return an option's moment; a day means its beginning. Raises UsageError."""
    if text is None:
        return None
    try:
        return day(text)
    except ValueError:
        raise UsageError(
            f"{option} {text!r} is no time: write 2026-03-01 or 2026-03-01T08:30:00Z"
        ) from None


def end(text: str | None) -> datetime | None:
    """Return the first moment after `--until`; a day counts to its end."""
    found = moment("--until", text)
    is_day = text is not None and len(text) <= len("2026-03-01")
    return found + timedelta(days=1) if found and is_day else found


def opened(site: Site, folder: Path | None, say: Say) -> Source:
    """Return the archive in a folder, or else the one to which all of the site's hosts send."""
    if folder is not None:
        return Folder(folder)
    collector = collectors(site)[0]
    say(ARCHIVE, f"connecting to {collector.name}")
    source = Collector(site, collector, FOLDER)
    say(ARCHIVE, "connected", 1.0)
    return source


class Rows:
    """Writes lines on standard output as they come, above what moves on the same terminal.

    There each write paints anew what moves: so lines are written ten times a second.
    """

    def __init__(self, progress: Progress) -> None:
        """Begin beside a progress that is shown already."""
        self._progress = progress
        self._out: IO[str] = sys.stdout  # click.echo flushes each line
        self._kept: list[str] = []
        self._due = 0.0

    def write(self, lines: Iterable[str]) -> None:
        """Write lines."""
        if not self._out.isatty():
            for line in lines:
                self._out.write(f"{line}\n")
        else:
            for line in lines:
                self._kept.append(line)
                self._write_if_due()
            self._due = 0.0
            self._write_if_due()
        self._out.flush()

    def say(self, host: str, step: str, share: float | None = None, failed: bool = False) -> None:
        """Show a step; write the lines that wait."""
        self._write_if_due()
        self._progress(host, step, share, failed)

    def _write_if_due(self) -> None:
        if self._kept and (now := time.monotonic()) >= self._due:
            self._out.write("\n".join([*self._kept, ""]))
            self._kept.clear()
            self._due = now + PAUSE


def chosen_hosts(site: Site, limit: str | None) -> list[str] | None:
    """Return the names of the hosts that are asked about; None means all that the archive has."""
    return None if limit is None else [host.name for host in site.select(limit)]


def with_personal_data(site: Site) -> list[str]:
    """Return the names of the hosts that must have an access record: those with data of the level
    high, and those of the groups that hold data (ACR-01)."""
    return [
        host.name
        for host in site.hosts.values()
        if host.classification == Classification.HIGH or set(DATA_GROUPS) & set(host.groups)
    ]


def tell(doubts: list[str]) -> None:
    """Say what makes the record less than whole."""
    for doubt in doubts:
        click.echo(f"not whole: {doubt}", err=True)
