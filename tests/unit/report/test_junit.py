from pathlib import Path
from xml.etree import ElementTree

from ringfence.report.junit import junit_parts, junit_xml
from ringfence.verify.results import Results
from ringfence.verify.verdicts import Verdict

GOLDEN = Path(__file__).parent / "golden" / "junit.xml"
# What Jenkins (junit-10.xsd) and GitLab read; properties in a case are those of pytest.
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "testcase": {"properties", "failure", "error", "skipped"},
    "properties": {"property"},
    "property": set(),
    "failure": set(),
    "error": set(),
    "skipped": set(),
}
ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "timestamp", "hostname"},
    "testcase": {"name", "classname"},
    "properties": set(),
    "property": {"name", "value"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message", "type"},
}


def parse(run):
    return ElementTree.fromstring(junit_xml(run).encode("utf-8"))


def case(root, name):
    (found,) = [found for found in root.iter("testcase") if found.get("name") == name]
    return found


def test_the_shape_is_the_one_that_ci_servers_read(run, hostile_run):
    for root in (parse(run), parse(hostile_run)):
        for element in root.iter():
            assert set(element.keys()) == ATTRIBUTES[element.tag]
            assert {child.tag for child in element} <= CHILDREN[element.tag]


def test_there_is_a_suite_for_each_host_and_its_numbers_add_up(run):
    root = parse(run)

    assert [suite.get("name") for suite in root] == list(run.hosts)
    for suite in root:
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors")) == len(suite.findall("testcase/error"))
        assert int(suite.get("skipped")) == len(suite.findall("testcase/skipped"))
    assert int(root.get("tests")) == len(run.results.tests)


def test_a_name_says_control_sentence_and_host_and_is_unique(run):
    cases = list(parse(run).iter("testcase"))
    names = [(found.get("classname"), found.get("name")) for found in cases]

    assert ("ringfence.ssh.SSH-01", "SSH-01 root may not log in [pbx1]") in names
    assert len(set(names)) == len(names)


def test_cases_of_the_same_name_are_numbered(run):
    run.results.tests.append(run.results.tests[0])

    names = [found.get("name") for found in parse(run).iter("testcase")]

    assert "SSH-01 root may not log in [bastion1] (2)" in names


def test_a_failure_says_expected_observed_and_the_repair(run):
    failure = case(parse(run), "SSH-01 passwords are refused [pbx1]").find("failure")

    assert failure.get("message") == "PasswordAuthentication: expected no, observed yes"
    assert failure.get("type") == "fail"
    assert failure.text.splitlines() == [
        "PasswordAuthentication",
        "  expected: no",
        "  observed: yes",
        "command asked: sshd -T -C user=root,host=localhost,addr=127.0.0.1",
        "repair: ringfence apply sites/lab --role ssh --limit pbx1",
    ]


def test_a_reboot_that_the_repair_needs_is_named(run):
    name = "CLS-01 the host names its owner [pbx2]"
    error = next(test for test in run.results.tests if test.verdict is Verdict.ERROR)
    object.__setattr__(error, "verdict", Verdict.FAIL)

    assert case(parse(run), name).find("failure").text.endswith("then: reboot pbx2")


def test_errors_and_unreachable_hosts_are_errors(run):
    root = parse(run)

    assert case(root, "CLS-01 the host names its owner [pbx2]").find("error").get("type") == "error"
    lost = case(root, "SSH-01 Key-only SSH, no root, no passwords [db1]").find("error")
    assert lost.get("type") == "unreachable"
    assert "Connection timed out" in lost.get("message")


def test_waived_and_not_applicable_are_skipped_with_their_reason(run):
    root = parse(run)

    waived = case(root, "SSH-03 a person gets few attempts [pbx2]").find("skipped")
    assert waived.get("message").startswith("waived by Ana Ruiz until 2026-12-31: The vendor's")
    assert "original verdict: fail" in waived.text
    skipped = case(root, "ATT-01 The room of the host is locked [pbx2]").find("skipped")
    assert skipped.get("message") == "a virtual host has no door"


def test_a_case_carries_its_properties(run):
    found = case(parse(run), "SSH-01 passwords are refused [pbx1]").iterfind("properties/property")

    assert {entry.get("name"): entry.get("value") for entry in found} == {
        "control": "SSH-01",
        "host": "pbx1",
        "severity": "critical",
        "verdict": "fail",
    }


def test_a_run_that_judged_nothing_is_an_error(make_run):
    for nothing in (make_run(Results(), hosts={}), make_run(Results(), controls={})):
        root = parse(nothing)
        assert int(root.get("errors")) == len(root.findall("testsuite"))
        assert int(root.get("errors")) > 0


def test_what_xml_refuses_is_written_out(hostile_run):
    text = junit_xml(hostile_run)

    for shown in ("\\x1b[2J\\x00\\x07", "\\u202etxt.exe", "\\ufffe\\xff\\ud800"):
        assert shown in text
    assert "<script>" not in text


def test_the_sample_is_as_it_was(run):
    assert junit_xml(run) == GOLDEN.read_text(encoding="utf-8")


def test_hosts_are_written_one_by_one(run):
    pieces = list(junit_parts(run))
    assert "".join(pieces) == junit_xml(run)
    assert max(piece.count("<testsuite ") for piece in pieces) == 1
