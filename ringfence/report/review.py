"""The monthly review of the access record as a document: a draft to be completed and signed."""

import re
import shlex
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt

from ringfence import __version__
from ringfence.access_record.reviewing import NOBODY, Looking, Review, Span, months_earlier
from ringfence.report.text import one_line, visible
from ringfence.report.wording import counted
from ringfence.site import Site

MOST_ROWS = 50
"""Rows of a table; who wants all of them asks `ringfence access-record`."""
BURST, LEAST = 3, 30
"""A day stands out with more than so many times the median, and so many accesses."""
MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#~])")
STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;"
    "overflow-wrap:anywhere}table{border-collapse:collapse}td,th{border:1px solid #bbb;"
    "padding:.2rem .5rem;text-align:left;vertical-align:top}code{font-size:.9em}"
)


def review_markdown(
    site: Site, review: Review, made: datetime, arguments: list[str], from_folder: bool = False
) -> str:
    """Return the review as Markdown (CommonMark, with GitHub's tables).

    Args:
        site: the site.
        review: what was counted.
        made: now.
        arguments: which site and hosts were named on the command line, for the queries.
        from_folder: whether the archive was a folder, and not the collector's.
    """
    last = months_earlier(review.month, -1) - timedelta(days=1)
    text = (
        _environment()
        .get_template("review.md.j2")
        .render(
            site=site.name,
            organisation=site.policy.organisation.name,
            month=f"{review.month:%Y-%m}",
            first=review.month,
            last=last,
            made=f"{made:%Y-%m-%d %H:%M:%S} UTC",
            version=__version__,
            review=review,
            hours=site.policy.working_hours,
            nobody=NOBODY,
            denials=_most(review.denials),
            outside=_most(review.outside),
            first_times=_most(review.first_times),
            bursts=list(bursts(review)),
            burst=BURST,
            least=LEAST,
            questions=list(questions(review)),
            officers=officers(site),
            full_name=lambda name: _full_name(site, name),
            kinds=_kinds,
            more=_more,
            queries=list(_queries(review, arguments, last)),
            from_folder=from_folder,
        )
    )
    return re.sub(r"\n{3,}", "\n\n", text)


def review_html(markdown: str) -> str:
    """Return the document as one HTML page that needs no other file."""
    title = markdown.partition("\n")[0].removeprefix("# ")
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    heading = re.sub(r"[<>&\\]", "", title)
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{heading}</title>'
        f"<style>{STYLE}</style>\n{body}</html>\n"
    )


def questions(review: Review) -> Iterator[str]:
    """Yield what the record makes one ask, and can't answer."""
    for doubt in review.doubts:
        yield f"Why is the record not whole, and what was in the gap? {doubt}"
    for person, reason in review.strangers.items():
        yield f"Who is {person}, who {reason}, and who gave access?"
    for one in review.by_frequency:
        if one.denied:
            times = counted(one.denied, "time")
            yield f"Why was {one.person} denied {times}: a mistake, a missing right, an attempt?"
    if NOBODY in review.people:
        yield "Which service looked without a person, and who used it?"


def bursts(review: Review) -> Iterator[tuple[Looking, date, int]]:
    """Yield who had a day with far more accesses than on their other days, that day, how many."""
    for one in review.by_frequency:
        day, count = one.busiest
        if one.usual and count >= LEAST and count > BURST * one.usual:
            yield one, day, count


def officers(site: Site) -> list[str]:
    """Return the people whose roles look after the logs (`accounts.log_officers`)."""
    try:
        roles = set(site.policy.role("accounts").log_officers)
    except (KeyError, AttributeError):
        return []
    return [who.full_name for who in site.policy.people.values() if roles & set(who.roles)]


def _queries(review: Review, arguments: list[str], last: date) -> Iterator[tuple[str, str]]:
    record = ["ringfence", "access-record", *arguments]
    base = [*record, "--since", f"{review.month}", "--until", f"{last}"]
    yield "all", shlex.join(base)
    yield "2", shlex.join([*base, "--person", "NAME"])
    yield "3.1", shlex.join([*base, "--denied"])
    if review.before:
        first = months_earlier(review.month, review.before)
        earlier = ["--since", f"{first}", "--until", f"{review.month - timedelta(days=1)}"]
        yield "3.5, earlier", shlex.join([*record, *earlier, "--path", "DIRECTORY"])


def _most(spans: Mapping[Any, Span]) -> list[tuple[Any, Span]]:
    """Return the most frequent, the first in time before others."""
    return sorted(spans.items(), key=lambda item: (-item[1].count, item[1].first))[:MOST_ROWS]


def _more(spans: Mapping[Any, Span], shown: list[Any]) -> str:
    left = len(spans) - len(shown)
    return f"\n{left} more: the commands in section 7 list them.\n" if left else ""


def _kinds(one: Looking) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in one.kinds.most_common())


def _full_name(site: Site, name: str) -> str:
    person = site.policy.people.get(name)
    return person.full_name if person else ""


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ringfence.report"),
        autoescape=False,  # noqa: S701 - Markdown: each value goes through one of the filters below
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"cell": _escaped, "text": _escaped, "code": _code, "time": _time}
    return environment


def _escaped(value: object) -> str:
    """Return a text that Markdown takes as it is, on one line."""
    return MARKDOWN.sub(r"\\\1", one_line(str(value)))


def _code(text: str) -> str:
    """Return a text as code in a table's cell, whatever is in it."""
    shown = visible(text).replace("\n", "\\n").replace("\t", "\\t").replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest or shown.startswith(" ") or not shown else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
