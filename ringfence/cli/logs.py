"""``ringfence logs``."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from ringfence.archive.anchors import Anchor, parse_anchors
from ringfence.archive.findings import Reading
from ringfence.archive.keys import load_keys
from ringfence.archive.site import SiteArchive, collectors
from ringfence.archive.sources import Folder
from ringfence.archive.verifying import Demands, verify_archive
from ringfence.cli.documents import print_document
from ringfence.cli.log_reviews import acknowledge, review
from ringfence.cli.options import json_option, runs_folder, runs_option, site_argument
from ringfence.cli.progress import Progress
from ringfence.errors import UsageError
from ringfence.site import load_site
from ringfence.verify.archive_heads import heads_seen

FAILED = 1
FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group(epilog="Example: ringfence logs verify inventories/center")
def logs() -> None:
    """Verify the collector's archive of logs, anchor it elsewhere, and review what is in it."""


logs.add_command(review)
logs.add_command(acknowledge)


@logs.command(epilog="Example: ringfence logs verify inventories/center --since 2026-11-01")
@click.argument("target", metavar="SITE|PATH", type=FOLDER)
@click.option("--key", "key_file", type=FILE, help="The collector's public keys, for a PATH.")
@click.option(
    "--anchor", "anchor_file", type=FILE, help="A copy of the anchored heads, for a PATH."
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="Read the files of this day and later ones; chains are always read whole.",
)
@json_option
@runs_option
def verify(
    target: Path,
    key_file: Path | None,
    anchor_file: Path | None,
    since: datetime | None,
    as_json: bool,
    runs: Path | None,
) -> int:
    """Read an archive of logs again: the collectors' of SITE over ssh, or one in a folder.

    Compares its chains with the heads that the site's anchor keeps, and that verifications saw.
    Names what was altered, removed, truncated, reordered, replaced, back-dated or added, and which
    messages never arrived.
    """
    day = since.date() if since else None
    if (target / "hosts.yml").exists():
        if key_file or anchor_file:
            raise UsageError("--key and --anchor are for a folder; a site has its own")
        if runs and not runs.is_dir():
            raise UsageError(f"--runs {runs}: there is no such folder")
        readings = _of_site(target, day, runs_folder(target, runs))
    else:
        if runs:
            raise UsageError("--runs is for a site; a folder has no verifications")
        readings = {str(target): _of_folder(target, key_file, anchor_file, day)}
    if as_json:
        document = {name: reading.as_json() for name, reading in readings.items()}
        print_document({"archives": document})
    else:
        for name, reading in readings.items():
            _tell(name, reading)
    return 0 if all(reading.sound for reading in readings.values()) else FAILED


@logs.command(epilog="Example: ringfence logs trust inventories/center")
@site_argument
@click.option("--add", is_flag=True, help="Trust a new key of a collector beside its old one.")
@json_option
def trust(site: Path, add: bool, as_json: bool) -> None:
    """Fetch the public keys by which SITE's collectors sign, and keep them in SITE/archive."""
    loaded, document = load_site(site), {}
    hosts = collectors(loaded)
    with Progress(title="logs trust", hosts=[host.name for host in hosts]) as progress:
        for host in hosts:
            archive = SiteArchive(loaded, host)
            progress(host.name, "asking for its key")
            name = archive.trust(add)
            progress.done(host.name, "its key is kept")
            document[host.name] = {"key": name, "file": str(archive.key_file)}
            if not as_json:
                click.echo(f"{host.name} signs with {name}; {archive.key_file} has it")
    if as_json:
        print_document({"collectors": document})


@logs.command(epilog="Example: ringfence logs anchor inventories/center")
@site_argument
@click.option(
    "--begin-again",
    metavar="HOST",
    multiple=True,
    help="The chain of HOST was put aside: a new one begins, and its former heads count no more.",
)
@json_option
def anchor(site: Path, begin_again: tuple[str, ...], as_json: bool) -> int:
    """Carry the heads of SITE's chains to the host that keeps them (`logging.anchor`).

    Run it every night: a chain that is rewritten on the collector shows from its last anchor on.
    """
    loaded, document = load_site(site), {}
    hosts = collectors(loaded)
    with Progress(title="logs anchor", hosts=[host.name for host in hosts]) as progress:
        for host in hosts:
            archive = SiteArchive(loaded, host)
            reading, made = archive.anchor(begin_again, progress)
            keeper = archive.anchor_host
            assert keeper is not None  # without one, nothing can be anchored
            told = "nothing was anchored" if reading.findings else f"{len(made)} new heads"
            progress.done(host.name, told)
            document[host.name] = _anchored(reading, made, keeper.name)
            if as_json:
                continue
            for finding in reading.findings:
                click.echo(f"{host.name}: {finding}")
            click.echo(f"{host.name}: {told}{'' if reading.findings else f' on {keeper.name}'}")
    if as_json:
        print_document({"collectors": document})
    return FAILED if any(one["findings"] for one in document.values()) else 0


def _anchored(reading: Reading, made: list[Anchor], keeper: str) -> dict[str, Any]:
    said = reading.as_json()
    return {
        "anchor": keeper,
        "new_heads": [asdict(head) for head in made],
        "findings": said["findings"],
        "notes": said["notes"],
    }


def _of_site(path: Path, since: date | None, runs: Path) -> dict[str, Reading]:
    loaded, readings = load_site(path), {}
    for host in collectors(loaded):
        seen = heads_seen(runs, host.name)
        with Progress(title=f"logs verify: {host.name}") as progress:
            archive = SiteArchive(loaded, host)
            reading = archive.verify(since, progress, seen.heads, progress.expect)
        reading.notes += [f"the run {name} can't be read" for name in seen.unreadable]
        readings[host.name] = reading
    return readings


def _of_folder(
    path: Path, key_file: Path | None, anchor_file: Path | None, since: date | None
) -> Reading:
    if key_file is None:
        raise UsageError(
            f"{path} has no hosts.yml, so it is a folder with an archive: name the collector's "
            "public keys by --key (a site keeps them in archive/COLLECTOR.pem)"
        )
    anchors = None
    if anchor_file is not None:
        anchors = parse_anchors(anchor_file.read_text(), str(anchor_file))
    demands = Demands(keys=load_keys(key_file), anchors=anchors, since=since)
    source = Folder(path)
    with Progress(title="logs verify", hosts=source.hosts()) as progress:
        return verify_archive(source, demands, progress)


def _tell(name: str, reading: Reading) -> None:
    for host in reading.hosts:
        days = f"{host.first_day} to {host.last_day}" if host.last_day else "no day closed yet"
        empty = f", {host.empty_days} days without a message" if host.empty_days else ""
        twice = f", {host.duplicates} sent twice" if host.duplicates else ""
        pruned = f", {host.pruned} files past their retention" if host.pruned else ""
        click.echo(
            f"{host.host}: {days}, {host.files} files, {host.records} records{twice}{empty}{pruned}"
        )
        for note in host.notes:
            click.echo(f"  {note}")
    for note in reading.notes:
        click.echo(note)
    for finding in reading.findings:
        click.echo(str(finding))
    if reading.anchored is None and not reading.seen:
        click.echo(
            f"{name}: compared with no anchor: what root on the collector wrote anew does not show"
        )
    if reading.anchored is not None:
        click.echo(f"{name}: {reading.anchored} anchored heads compared")
    if reading.seen is not None:
        click.echo(f"{name}: {reading.seen} heads compared that verifications saw")
    today = datetime.now(UTC).date()
    count = len(reading.findings)
    verdict = "sound" if reading.sound else f"NOT sound: {count} findings"
    click.echo(f"{name}: {verdict} ({today})")
