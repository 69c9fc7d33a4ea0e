"""One self-contained page for people: what was found, on what, how it was asked."""

import re
from collections.abc import Iterable, Iterator
from functools import cache, partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ringfence.report import wording
from ringfence.report.observations import alike, note, unmet
from ringfence.report.repair import repair, site_argument_of
from ringfence.report.survey import Survey
from ringfence.report.telling import Tell, silent, telling
from ringfence.report.text import visible
from ringfence.verify.results import ControlResult, TestResult, count_by_verdict
from ringfence.verify.runs import Run
from ringfence.verify.verdicts import WORST_FIRST, Verdict, worst

MATRIX_COLUMNS = 14  # what a page in landscape holds beside the hosts' names


def html_page(run: Run) -> str:
    """Return the run as one HTML page (`html_parts`)."""
    return "".join(html_parts(run))


def html_parts(run: Run, tell: Tell = silent) -> Iterator[str]:
    """Yield the run as one HTML page, piece by piece, that needs no script and no other file.

    `tell` hears of each control before it is described.
    """
    site = site_argument_of(run)
    template = _environment().get_template("run.html.j2")
    return template.generate(
        run=run,
        survey=Survey(run),
        verdicts=WORST_FIRST,
        meanings=wording.MEANINGS,
        telling=partial(telling, tell=tell),
        repair=lambda result: repair(run, result, site),
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ringfence.report"),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "word": wording.word,
        "sentence": wording.sentence,
        "framework": wording.framework_name,
        "moment": wording.moment,
        "proof": wording.proof_sentence,
        "anchor": anchor,
        "alike": alike,
        "unmet": unmet,
        "note": note,
        "rows": rows_of,
        "tally": lambda results: wording.tally(count_by_verdict(results)),
        "worst": lambda results: worst(result.verdict for result in results),
    }
    environment.globals |= {
        "counted": wording.counted,
        "share": wording.share,
        "days_left": wording.days_left,
        "column_groups": column_groups,
        "commands_of": commands_of,
        "commands_of_tests": commands_of_tests,
        "never_red": never_red,
        "Verdict": Verdict,
    }
    return environment


def _finalize(value: Any) -> Any:
    """Write out unseen characters in every value that the template prints, before escaping."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def anchor(name: str) -> str:
    """Return ``name`` as part of an element's id and of a link to it."""
    return re.sub(r"[^A-Za-z0-9.-]", lambda found: f"_{ord(found[0]):x}", name)


def column_groups(controls: list[str]) -> Iterator[list[str]]:
    """Split the matrix's columns into tables of about the same width that fit a page."""
    tables = -(-len(controls) // MATRIX_COLUMNS)
    for number in range(tables):
        start, end = (len(controls) * edge // tables for edge in (number, number + 1))
        yield controls[start:end]


def rows_of(tests: Iterable[TestResult]) -> int:
    """Return how many rows the tests take in a control's table: one for each observation."""
    return sum(max(len(test.observations), 1) for test in tests)


def commands_of(outcomes: Iterable[ControlResult]) -> list[str]:
    """Return every command that was asked for some outcomes, once, in the order first asked."""
    return commands_of_tests(test for outcome in outcomes for test in outcome.tests)


def commands_of_tests(tests: Iterable[TestResult]) -> list[str]:
    """Return every command that was asked for some tests, once, in the order first asked."""
    return list(dict.fromkeys(command for test in tests for command in test.commands))


def never_red(outcomes: Iterable[ControlResult], proof: dict[str, Any] | None) -> list[str]:
    """Return the tests of a proven control that its last proof did not see failing."""
    if not proof:
        return []
    tests = (test.test for outcome in outcomes for test in outcome.tests if test.test)
    return [test for test in dict.fromkeys(tests) if test not in proof.get("tests", {})]
