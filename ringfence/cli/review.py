"""``ringfence review``."""

from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import click

from ringfence.access_record.answering import hosts_asked
from ringfence.access_record.reviewing import review as counted
from ringfence.cli.access_record import (
    archive_option,
    chosen_hosts,
    opened,
    with_personal_data,
)
from ringfence.cli.options import chosen_format, json_for, limit_option, site_argument
from ringfence.cli.progress import Progress
from ringfence.errors import UsageError
from ringfence.report.review import review_html, review_markdown
from ringfence.report.review_json import review_json
from ringfence.site import load_site


@click.command(
    epilog="Example: ringfence review inventories/center --month 2026-03 --output 2026-03.md"
)
@site_argument
@click.option("--month", required=True, metavar="YYYY-MM", help="The month (UTC).")
@click.option(
    "--before",
    metavar="N",
    type=click.IntRange(0, 24),
    default=3,
    show_default=True,
    help="Compare with the N months before, to tell who was where for the first time.",
)
@limit_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "html", "json"]),
    help="Markdown (without this option) is to be edited, HTML to be read, JSON is for programs.",
)
@json_for("json")
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it there; a file that exists is not replaced.",
)
@archive_option
def review(
    site: Path,
    month: str,
    before: int,
    limit: str | None,
    form: str | None,
    as_json: bool,
    output: Path | None,
    archive: Path | None,
) -> int:
    """Draft the review of SITE's access record that is due each month (RD 1720/2007 art. 103.5).

    It tells who looked at personal data, how often, and what stood out; the person responsible for
    security completes and signs it. As JSON it has every row that was counted, its moments in UTC
    (ISO 8601): see docs/how-to/access-record.md. The exit code is 1 when there was nothing to
    count.
    """
    chosen = chosen_format(form, "markdown", as_json, "json")
    loaded, first = load_site(site), first_day(month)
    if output is not None and output.exists():
        raise UsageError(f"{output} exists; it may be completed or signed: name another file")
    hosts, expected = chosen_hosts(loaded, limit), with_personal_data(loaded)
    with (
        Progress(title="review") as progress,
        closing(opened(loaded, archive, progress)) as source,
    ):
        progress.expect(hosts_asked(source, hosts, expected))
        found = counted(source, loaded.policy, first, hosts, before, expected, progress)
    made = datetime.now(UTC)
    if chosen == "json":
        text = review_json(loaded, found, made)
    else:
        arguments = [str(site), *(["--limit", limit] if limit else [])]
        text = review_markdown(loaded, found, made, arguments, from_folder=archive is not None)
        text = review_html(text) if chosen == "html" else text
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
        click.echo(output)
    return 0 if any(part.numbers.messages for part in found.parts) else 1


def first_day(month: str) -> date:
    """Return the first day of a month that has begun. Raises UsageError."""
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        raise UsageError(f"--month {month!r} is no month: write 2026-03") from None
    if first > datetime.now(UTC).date():
        raise UsageError(f"--month {month} has not begun")
    return first
