"""The draft of the monthly review, with names of files that would break a document."""

import html
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ringfence.access_record.reviewing import NOBODY, Looking, Place, Review, Span
from ringfence.report.review import bursts, questions, review_html, review_markdown
from ringfence.site import load_site
from ringfence.site.sampling import SAMPLE

MONTH = date(2026, 3, 1)
AT = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
MADE = datetime(2026, 4, 1, 8, tzinfo=UTC)
NASTY = "a|b`c``d\n# e <script>alert(1)</script> \x1b[2J **f** [g](h)"


@pytest.fixture(scope="module")
def site():
    return load_site(SAMPLE)


@pytest.fixture
def found():
    ana = Looking("ana", Counter(read=40, write=2), Counter({MONTH: 40, AT.date(): 2}))
    ana.denied, ana.acting["root"] = 1, 3
    ana.hosts.add("recordings1")
    nobody = Looking(NOBODY, Counter(read=1), Counter({MONTH: 1}))
    return Review(
        MONTH,
        people={"ana": ana, NOBODY: nobody, "eve": Looking("eve", Counter(read=1))},
        denials={("ana", "recordings1", f"/srv/{NASTY}"): Span(AT, AT)},
        strangers={"eve": "is none of policy.yml's people"},
        first_times={Place("ana", "recordings1", "/srv/*"): Span(AT, AT)},
        before=3,
        doubts=["recordings1: 3 messages are missing"],
    )


@pytest.fixture
def document(site, found):
    found.people["eve"].days[MONTH] = 1
    return review_markdown(site, found, MADE, ["my site", "--limit", "recordings"])


def test_it_has_what_the_officer_completes(document):
    assert document.startswith("# Review of the access record: ")
    assert document.count("**To complete") >= 8
    for heading in ("1. Is the record whole?", "2. Who looked", "3.1 Denied", "6. Signature"):
        assert heading in document


def test_every_number_comes_with_its_command(document):
    command = (
        "ringfence access-record 'my site' --limit recordings --since 2026-03-01 --until 2026-03-31"
    )
    for options in ("", " --person NAME", " --denied"):
        assert f"`{command}{options}`" in document
    assert "--since 2025-12-01 --until 2026-02-28" in document


def test_what_stood_out_becomes_questions(found):
    found.people["eve"].days[MONTH] = 1
    asked = list(questions(found))
    assert [one.partition(" ")[0] for one in asked] == ["Why", "Who", "Why", "Which"]
    assert "3 messages are missing" in asked[0]
    assert "eve" in asked[1]
    assert "ana denied 1 time:" in asked[2]


def test_a_burst_is_far_more_than_usual(found):
    found.people["eve"].days[MONTH] = 1
    assert [(one.person, day, count) for one, day, count in bursts(found)] == [("ana", MONTH, 40)]


def test_an_empty_month_is_a_document_too(site):
    document = review_markdown(site, Review(MONTH), MADE, ["site"])
    assert "Nobody, as far as the record goes." in document
    assert "Not compared with earlier months." in document


def test_html_has_no_markup_from_a_name(document):
    page = review_html(document)
    assert "<script>" not in page
    assert "\x1b" not in page
    assert "alert(1)" in page
    assert page.count("<h2>") == 7


@given(st.text(min_size=1, max_size=40))
def test_any_name_stays_in_its_cell(site, name):
    found = Review(MONTH, denials={("ana", "recordings1", f"/srv/{name}"): Span(AT, AT)})
    document = review_markdown(site, found, MADE, ["site"])
    page = MarkdownIt("commonmark").enable("table").render(document)
    table = page.partition("Denied attempts")[2].partition("</table>")[0]
    assert table.count("<td") == 6
    cell = html.unescape(table.split("<code>")[1].split("</code>")[0])
    assert cell.startswith("/srv/")


def test_a_long_list_says_how_many_are_left_out(site):
    spans = {("ana", "a", f"/srv/{n}"): Span(AT, AT + timedelta(n)) for n in range(60)}
    document = review_markdown(site, Review(MONTH, denials=spans), MADE, ["site"])
    assert "10 more: the commands in section 7 list them." in document
