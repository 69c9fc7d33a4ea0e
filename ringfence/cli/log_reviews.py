"""``ringfence logs review`` and ``ringfence logs acknowledge``."""

import json
import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click

from ringfence.archive.keys import load_keys
from ringfence.archive.remote import ask
from ringfence.archive.reviews import DailyReview, Found, parse_review, parse_reviews
from ringfence.archive.site import SiteArchive, collectors
from ringfence.cli.documents import print_document
from ringfence.cli.options import json_option, site_argument
from ringfence.cli.progress import Progress
from ringfence.errors import UsageError
from ringfence.replacing import replace
from ringfence.report.text import one_line
from ringfence.site import Site, load_site
from ringfence.site.acknowledgements import (
    VERDICTS,
    Acknowledgement,
    AcknowledgementsFile,
    as_yaml,
    file_of,
)
from ringfence.site.loader import LARGEST_FILE
from ringfence.site.problems import SiteError, nearest
from ringfence.site.validation import read_model

PROGRAM = "/usr/local/lib/ringfence/review-logs"
REVIEWER = f"""\
[ -x {PROGRAM} ] || {{ echo 'no logs are reviewed here: apply the role log_review' >&2; exit 1; }}
{PROGRAM}"""
LATELY = timedelta(days=40)
"""Of how long reviews are fetched where no day is named: after years they are gigabytes."""
WAITING = 1
"""The exit code when somebody has to look at something."""


@click.command(epilog="Example: ringfence logs review inventories/center")
@site_argument
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="All that was counted on this day (UTC); today's is reviewed now, as far as it goes.",
)
@json_option
def review(site: Path, day: datetime | None, as_json: bool) -> int:
    """Show what stands out in SITE's logs of the last 40 days, and nobody has acknowledged yet.

    The collector reviews the logs of each day once it is over. The exit code is 1 while an
    exception waits, a review is not signed by the collector, or none is kept.
    """
    loaded = load_site(site)
    reviews = kept(loaded, day.date() if day else None)
    unsigned = _unsigned(loaded, reviews)
    if day is not None and not reviews:
        reviews = [_made_now(loaded, day.date())]
    waiting = [(each, found) for each in reviews for found in _waiting(loaded, each)]
    if as_json:
        shown = [
            {"day": str(each.day), **asdict(found)}
            for each in reviews
            for found in (each.found if day else each.exceptions)
        ]
        document = {
            "acknowledged": list(loaded.acknowledgements),
            "found": shown,
            "messages": {str(each.day): each.messages for each in reviews},
            "unsigned": [str(each) for each in unsigned],
        }
        print_document(document)
        return WAITING if waiting or unsigned or not reviews else 0
    if not reviews:
        click.echo("no review of the last 40 days is kept: the first is made when a day is over")
    for each in reviews[-1:]:
        _tell_day(each, all_of_it=day is not None)
    for each, found in waiting:
        _tell(loaded, each.day, found)
    for moment in unsigned:
        click.echo(f"the review of {moment} is not signed by a key that the site trusts")
    count = len(waiting)
    click.echo(f"{count} exception{'' if count == 1 else 's'} to be acknowledged")
    if waiting:
        words = ["ringfence", "logs", "acknowledge", str(site), waiting[0][1].exception]
        click.echo(f"  {shlex.join(words)} --who NAME --verdict {'|'.join(VERDICTS)} --note TEXT")
    return WAITING if waiting or unsigned or not reviews else 0


@click.command(
    epilog="Example: ringfence logs acknowledge inventories/center 3f2a9c01b7de --who carmen "
    "--verdict expected --note 'maintenance, change 4711'"
)
@site_argument
@click.argument("exceptions", metavar="EXCEPTION...", nargs=-1, required=True)
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="The day of the logs, for exceptions of more than 40 days ago.",
)
@click.option("--who", metavar="NAME", required=True, help="The person who looked at it.")
@click.option("--verdict", type=click.Choice(VERDICTS), required=True, help="What it was.")
@click.option("--note", metavar="TEXT", required=True, help="Why, for whoever reads it later.")
@json_option
def acknowledge(
    site: Path,
    exceptions: tuple[str, ...],
    day: datetime | None,
    who: str,
    verdict: str,
    note: str,
    as_json: bool,
) -> None:
    """Keep in SITE/reviews that somebody looked at exceptions of the daily review of logs.

    That is who looks after the logs: a person with a role of `accounts.log_officers`. What was
    acknowledged once stays as it is.
    """
    loaded = load_site(site)
    _demand_officer(loaded, who)
    if not note.strip():
        raise UsageError("--note is empty: say why the verdict is what it is")
    reviews = kept(loaded, day.date() if day else None)
    known = {found.exception: (each.day, found) for each in reviews for found in each.exceptions}
    where = f"the review of {day:%Y-%m-%d}" if day else "a review of the last 40 days (--day DAY)"
    for name in exceptions:
        if name not in known:
            raise UsageError(f"{name!r} is no exception of {where}{nearest(name, known)}")
        if name in loaded.acknowledgements:
            earlier = loaded.acknowledgements[name]
            raise UsageError(f"{earlier.who} has acknowledged {name} already, at {earlier.at}")
    at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    entries = [
        Acknowledgement.model_validate_json(
            json.dumps(
                {
                    "exception": name,
                    "day": str(known[name][0]),
                    "what": one_line(known[name][1].what)[:200],
                    "who": who,
                    "at": at,
                    "verdict": verdict,
                    "note": one_line(note),
                }
            )
        )
        for name in dict.fromkeys(exceptions)
    ]
    paths = _write(loaded, entries)
    if as_json:
        written = [entry.model_dump(mode="json") for entry in entries]
        print_document({"acknowledged": written, "files": [str(path) for path in paths]})
        return
    for path in paths:
        click.echo(f"{path}: keep it in git with the site")


def kept(site: Site, day: date | None) -> list[DailyReview]:
    """Return the reviews that the collector keeps to which all hosts send: of a day, or lately."""
    today = datetime.now(UTC).date()
    first, last = (day, day) if day else (today - LATELY, today)
    said = _asked(site, f"kept {first} {last}", "asking for the reviews that it keeps")
    return sorted(parse_reviews(said), key=lambda each: each.day)


def _made_now(site: Site, day: date) -> DailyReview:
    """Have a day reviewed of which no review is kept: today, so far, or one before the first."""
    if day > datetime.now(UTC).date():
        raise UsageError(f"--day {day} is still to come")
    return parse_review(_asked(site, f"show {day}", f"reviewing {day}"))


def _asked(site: Site, words: str, step: str) -> bytes:
    collector = collectors(site)[0]
    with Progress(title="logs review", hosts=[collector.name]) as progress:
        progress(collector.name, step)
        return ask(site, collector, f"{REVIEWER} {words}")


def _waiting(site: Site, review: DailyReview) -> list[Found]:
    return [found for found in review.exceptions if found.exception not in site.acknowledgements]


def _unsigned(site: Site, reviews: list[DailyReview]) -> list[date]:
    """Return the days of reviews that no key signed which the site trusts, if it keeps any."""
    path = SiteArchive(site, collectors(site)[0]).key_file
    if not path.exists():
        return []
    keys = load_keys(path)
    return [each.day for each in reviews if not each.is_signed(keys)]


def _tell_day(review: DailyReview, all_of_it: bool) -> None:
    total = sum(review.messages.values())
    hosts = {name: count for name, count in review.messages.items() if name[:1] != "_"}
    silent = [name for name, count in hosts.items() if not count]
    quiet = f"; silent: {', '.join(silent)}" if silent else ""
    click.echo(f"{review.day}: {total} messages of {len(hosts) - len(silent)} hosts{quiet}")
    if all_of_it:
        for found in review.found:
            click.echo(f"  {found.count:>7}  {one_line(found.what)}")
        return
    counted: Counter[tuple[str, str]] = Counter()
    for found in review.found:
        counted[found.kind, found.scope] += found.count
    for (kind, scope), count in sorted(counted.items()):
        click.echo(f"  {count:>7}  {kind} ({one_line(scope)})")


def _tell(site: Site, day: date, found: Found) -> None:
    times = f", {found.count} times until {found.last[:19]}Z" if found.count > 1 else ""
    clients = site.hosts[found.host].entry.clients if found.host in site.hosts else []
    of = f" [{', '.join(clients)}]" if clients else ""
    click.echo(f"{found.exception}  {day}  {one_line(found.what)}{of}")
    click.echo(f"    {found.first[:19]}Z{times}: {one_line(found.message)}")


def _demand_officer(site: Site, who: str) -> None:
    people = site.policy.people
    if who not in people:
        raise UsageError(f"--who {who!r} is not one of policy.yml's people{nearest(who, people)}")
    officers = set(site.policy.role("accounts").log_officers)
    if not officers & set(people[who].roles):
        raise UsageError(
            f"--who {who}: looks after no logs, so somebody else must look: one with a role of "
            f"accounts.log_officers ({', '.join(sorted(officers)) or 'none yet'})"
        )


def _write(site: Site, entries: Iterable[Acknowledgement]) -> list[Path]:
    """Add entries to their months' files; return the files. Raises UsageError for one that would be
    larger than any file of a site may be, and writes none then."""
    by_file: dict[Path, list[Acknowledgement]] = {}
    for entry in entries:
        by_file.setdefault(site.path / file_of(entry.day), []).append(entry)
    texts = {}
    for path, added in by_file.items():
        before: list[Acknowledgement] = []
        if path.exists():
            model, _, problems = read_model(AcknowledgementsFile, path)
            if model is None:
                raise SiteError(problems)
            before = model.acknowledgements
        texts[path] = as_yaml([*before, *added]).encode()
        if len(texts[path]) > LARGEST_FILE:
            raise UsageError(
                f"{path} would be larger than 1 MiB: rename it to {path.stem}-a.yml, which is read "
                "as well, and acknowledge again"
            )
    for path, text in texts.items():
        path.parent.mkdir(exist_ok=True)
        replace(path, text, mode=0o644)
    return list(texts)
