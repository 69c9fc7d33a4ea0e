import pytest

from ringfence.errors import ToolError
from ringfence.verify.results import Results, TestResult, count_by_verdict
from ringfence.verify.verdicts import Verdict
from ringfence.verify.verification import complete


def result(verdict, test="test_a", control="SSH-01", host="pbx1", message=""):
    return TestResult(host, control, test, verdict, message)


def test_a_control_has_the_worst_verdict_of_its_tests_and_that_tests_sentence():
    results = Results([result(Verdict.PASS), result(Verdict.FAIL, "test_b", message="why")])
    (outcome,) = results.by_control()
    assert (outcome.verdict, outcome.message) == (Verdict.FAIL, "why")


def test_results_survive_their_file(tmp_path):
    results = Results(
        [
            TestResult(
                "a", "SSH-01", "t", Verdict.WAIVED, original=Verdict.FAIL, waiver={"owner": "x"}
            )
        ],
        {"b": "refused"},
        {"a": 3},
    )
    results.save(tmp_path / "r.json")
    assert Results.load(tmp_path / "r.json") == results


def test_results_that_cannot_be_read_are_a_failure_of_the_tool(tmp_path):
    with pytest.raises(ToolError, match="holds no results"):
        Results.load(tmp_path / "missing.json")


def test_every_host_has_an_outcome_for_every_control():
    results = complete(Results([result(Verdict.PASS)]), ["pbx1", "db1"], ["SSH-01", "SSH-02"])
    outcomes = {(o.host, o.control): o.verdict for o in results.by_control()}
    assert outcomes == {
        ("pbx1", "SSH-01"): Verdict.PASS,
        ("pbx1", "SSH-02"): Verdict.ERROR,
        ("db1", "SSH-01"): Verdict.ERROR,
        ("db1", "SSH-02"): Verdict.ERROR,
    }


def test_every_verdict_is_counted():
    counts = count_by_verdict([result(Verdict.PASS), result(Verdict.PASS, "b")])
    assert counts[Verdict.PASS] == 2
    assert set(counts) == set(Verdict)
