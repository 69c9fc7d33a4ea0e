import json
import tracemalloc

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


SEEN = {"subject": "x", "expected": "1", "observed": "2", "met": False}


def observed(host):
    return TestResult(
        host, "SSH-01", "t", Verdict.FAIL, "why", observations=[SEEN], commands=["id", "true"]
    )


def test_what_was_observed_stays_in_the_file_until_somebody_looks(tmp_path):
    path = tmp_path / "r.json"
    Results([observed("a"), observed("b")]).save(path)
    loaded = Results.load(path)
    path.unlink()  # an open file keeps its content
    first, second = loaded.tests
    assert not isinstance(second.observations, list)
    assert (second.observations, second.commands) == ([SEEN], ["id", "true"])
    assert (first.observations[0], len(first.commands), bool(first.observations)) == (SEEN, 2, True)


def test_loaded_results_may_be_saved_in_their_own_place(tmp_path):
    path = tmp_path / "r.json"
    Results([observed("a")], {"b": "refused"}).save(path)
    before = path.read_text()
    Results.load(path).save(path)
    assert path.read_text() == before
    assert json.loads(before)["tests"][0]["observations"] == [SEEN]


def test_a_file_of_results_is_json_with_a_line_for_each_test(tmp_path):
    path = tmp_path / "r.json"
    for tests in ([], [observed("a")], [observed("a"), observed("b")]):
        Results(tests).save(path)
        assert len(json.loads(path.read_text())["tests"]) == len(tests)
        assert path.read_text().count("\n") == len(tests) + 2
        assert Results.load(path) == Results(tests)


def test_results_that_were_kept_without_such_lines_are_read_too(tmp_path):
    path = tmp_path / "r.json"
    Results([observed("a")], {"b": "refused"}).save(path)
    path.write_text(json.dumps(json.loads(path.read_text()), indent=1))
    assert Results.load(path) == Results([observed("a")], {"b": "refused"})


def test_what_many_results_take_in_memory_is_not_what_was_observed(tmp_path):
    path = tmp_path / "r.json"
    long = {**SEEN, "observed": "x" * 20_000}
    Results([TestResult("a", "C-1", "t", Verdict.FAIL, observations=[long])] * 500).save(path)
    tracemalloc.start()
    loaded = Results.load(path)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(loaded.tests) == 500
    assert kept < path.stat().st_size / 10


@pytest.mark.parametrize("content", ["", "{", '{"tests": [\n{"host": \n]}', '{"tests": []}'])
def test_results_that_are_cut_off_are_a_failure_of_the_tool(tmp_path, content):
    (tmp_path / "r.json").write_text(content)
    with pytest.raises(ToolError, match="holds no results"):
        Results.load(tmp_path / "r.json")


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
