"""JUnit XML for CI servers: a suite for each host, a case for each control's test."""

from collections import Counter
from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from ringfence.report.observations import note, unmet
from ringfence.report.repair import repair, site_argument_of
from ringfence.report.survey import Survey
from ringfence.report.telling import Tell, silent, telling
from ringfence.report.text import one_line, visible
from ringfence.report.wording import sentence, word
from ringfence.verify.results import TestResult
from ringfence.verify.runs import Run
from ringfence.verify.verdicts import Verdict

NOTHING_JUDGED = "no control was judged on this host"
KINDS = {
    Verdict.FAIL: "failure",
    Verdict.ERROR: "error",
    Verdict.UNREACHABLE: "error",
    Verdict.WAIVED: "skipped",
    Verdict.NOT_APPLICABLE: "skipped",
}


def junit_xml(run: Run) -> str:
    """Return the run as JUnit XML (`junit_parts`)."""
    return "".join(junit_parts(run))


def junit_parts(run: Run, tell: Tell = silent) -> Iterator[str]:
    """Yield the run as JUnit XML, host by host, in the shape that Jenkins and GitLab read.

    A failure is ``failure``; an error and an unreachable host are ``error``; what is waived or
    not applicable is ``skipped``, with its reason. A run that judged nothing is an ``error``, as
    an empty file would pass. No durations are given: all tests are judged from one answer.
    `tell` hears of each host before its suite is made.
    """
    survey = Survey(run)
    hosts = survey.hosts or [run.provenance.site]
    tests = (test for host in hosts for test in _tests_of(survey, host))
    counts = Counter(KINDS.get(test.verdict, "") for test in tests)
    totals = {"tests": counts.total(), "failures": counts["failure"], "errors": counts["error"]}
    attributes = {"name": f"ringfence {_attribute(run.provenance.site)}"}
    root = Element("testsuites", attributes | {name: str(n) for name, n in totals.items()})
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n{_opened(root)}\n'
    for host in telling(hosts, tell):
        suite = _suite(survey, host)
        ElementTree.indent(suite, " ", level=1)
        yield f" {ElementTree.tostring(suite, encoding='unicode')}\n"
    yield "</testsuites>\n"


def _opened(element: Element) -> str:
    """Return the start tag of an element without children."""
    return ElementTree.tostring(element, encoding="unicode").removesuffix(" />") + ">"


def _suite(survey: Survey, host: str) -> Element:
    run = survey.run
    attributes = {"name": host, "timestamp": run.provenance.started_at, "hostname": host}
    suite = Element("testsuite", {k: _attribute(v) for k, v in attributes.items()})
    about = {"run": run.id, "site": run.provenance.site, "site_digest": run.provenance.site_digest}
    _add_properties(suite, {**about, "catalogue_digest": run.provenance.catalogue_digest})
    names: Counter[str] = Counter()
    for test in _tests_of(survey, host):
        _add_case(suite, survey, test, names)
    for name, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"testcase/{kind}"))))
    suite.set("tests", str(len(suite.findall("testcase"))))
    return suite


def _tests_of(survey: Survey, host: str) -> Iterator[TestResult]:
    outcomes = survey.of_host(host) if survey.hosts else []
    for outcome in outcomes:
        yield from outcome.tests
    if not outcomes:
        yield TestResult(host, "", "", Verdict.ERROR, NOTHING_JUDGED)


def _add_case(suite: Element, survey: Survey, test: TestResult, names: Counter[str]) -> None:
    control = survey.describe(test.control)
    said = sentence(test.test) or control["title"]
    name = _attribute(f"{test.control} {said} [{test.host}]")
    names[name] += 1
    if names[name] > 1:  # GitLab keeps one of several cases with the same name
        name = f"{name} ({names[name]})"
    classname = ".".join(["ringfence", control["role"] or "no_role", test.control or "none"])
    case = SubElement(suite, "testcase", {"name": name, "classname": _attribute(classname)})
    properties = {
        "control": test.control,
        "host": test.host,
        "severity": control["severity"],
        "verdict": test.verdict.value,
    }
    _add_properties(case, properties)
    if kind := KINDS.get(test.verdict):
        message, text = _message(test), _details(survey.run, test)
        attributes = {"message": message, "type": test.verdict.value}
        SubElement(case, kind, attributes).text = text


def _message(test: TestResult) -> str:
    """Return the line that a CI server shows beside the test's name."""
    if test.waiver is not None:
        waiver = test.waiver
        until = f"waived by {waiver['owner']} until {waiver['expires']}: {waiver['reason']}"
        return _attribute(f"{until} ({test.message})" if test.message else until)
    return _attribute(test.message or word(test.verdict))


def _details(run: Run, test: TestResult) -> str:
    """Return the text that a CI server shows when the test is opened."""
    lines = []
    for seen in unmet(test):
        lines += [seen["subject"], f"  expected: {seen['expected']}"]
        lines.append(f"  observed: {seen['observed']}")
    if beyond := note(test):
        lines.append(beyond)
    if test.original is not None:
        lines.append(f"original verdict: {word(test.original)}")
    lines += [f"command asked: {command}" for command in test.commands]
    if test.control:
        step = repair(run, test, site_argument_of(run))
        if step.text:
            lines.append(f"{step.label}: {step.text}")
        if step.afterwards:
            lines.append(f"then: {step.afterwards}")
    return visible("\n".join(lines))


def _add_properties(parent: Element, values: dict[str, str]) -> None:
    properties = SubElement(parent, "properties")
    for name, value in values.items():
        SubElement(properties, "property", {"name": name, "value": _attribute(value)})


def _attribute(text: str) -> str:
    return one_line(str(text))
