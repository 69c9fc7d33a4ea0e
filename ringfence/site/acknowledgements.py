"""reviews/YYYY-MM.yml: who looked at which exception of the daily review of logs (PCI DSS 10.4.3).

`ringfence logs acknowledge` writes these files; they are kept with the site, where nobody on the
collector can change them.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Literal, get_args

import yaml
from pydantic import Field

from ringfence.site.problems import Problem, SiteError
from ringfence.site.section import Date, Line, LoginName, Section, Text
from ringfence.site.validation import read_model

FOLDER = "reviews"
EXCEPTION_ID = r"^[0-9a-f]{12}$"
Verdict = Literal["expected", "mistake", "false-alarm", "incident"]
"""What somebody found: all is as it should be, an honest mistake, nothing happened at all, or an
incident, which has a report of its own."""
VERDICTS: tuple[str, ...] = get_args(Verdict)


class Acknowledgement(Section):
    """Somebody looked at an exception, and answers for the verdict."""

    exception: str = Field(pattern=EXCEPTION_ID)
    """Its id in the review."""
    day: Date
    """The day of the logs that it is in."""
    what: Line
    """What it was: kind, host, whom it was about."""
    who: LoginName
    """The person who looked."""
    at: str = Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")
    """When, in UTC."""
    verdict: Verdict
    """What it turned out to be."""
    note: Text
    """Why, for whoever reads it next year."""


class AcknowledgementsFile(Section):
    """reviews/YYYY-MM.yml: what was acknowledged of a month's logs."""

    acknowledgements: list[Acknowledgement] = Field(default_factory=list)
    """One entry an exception."""


def file_of(day: date) -> str:
    """Return the name of the file of a day's exceptions, relative to the site."""
    return f"{FOLDER}/{day:%Y-%m}.yml"


def load_acknowledgements(site: Path) -> dict[str, Acknowledgement]:
    """Read all files of a site, by exception; the first that acknowledged one counts.

    Raises SiteError with everything that is wrong in them.
    """
    found: dict[str, Acknowledgement] = {}
    problems: list[Problem] = []
    for path in sorted((site / FOLDER).glob("*.yml")):
        model, _, wrong = read_model(AcknowledgementsFile, path)
        problems += wrong
        for each in model.acknowledgements if model else []:
            found.setdefault(each.exception, each)
    if problems:
        raise SiteError(problems)
    return found


def as_yaml(entries: Iterable[Acknowledgement]) -> str:
    """Return the text of a file."""
    content = {"acknowledgements": [entry.model_dump(mode="json") for entry in entries]}
    head = "# Written by `ringfence logs acknowledge`: keep it in git with the site.\n"
    return head + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
