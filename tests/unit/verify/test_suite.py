import json

import pytest

from ringfence.errors import ToolError, UsageError
from ringfence.verify.results import Results, TestResult
from ringfence.verify.suite import _joined
from ringfence.verify.verdicts import Verdict


@pytest.fixture
def parts(tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "groups.log").touch()
    return folder


def leave(parts, number, host=None, said=""):
    """Leave what a group leaves: its words, and results if it was judged."""
    (parts / f"{number}.log").write_text(f"{said}\n")
    if host is not None:
        result = TestResult(host, "SSH-01", "test_a", Verdict.PASS)
        Results([result], {}, {host: 1}).save(parts / f"{number}.json")


def killed(number):
    return [TestResult(f"of group {number}", "SSH-01", "", Verdict.ERROR, "was killed")]


def test_what_all_groups_found_is_one_and_their_words_are_one_log(parts, tmp_path):
    leave(parts, 0, "a", "1 passed")
    leave(parts, 1, "b", "1 failed")
    found = _joined(tmp_path, parts, 2, 0, killed)
    assert [test.host for test in found.tests] == ["a", "b"]
    assert found.live_commands == {"a": 1, "b": 1}
    assert Results.load(tmp_path / "results.json") == found
    assert (tmp_path / "pytest.log").read_text() == "1 passed\n1 failed\n"
    assert not parts.exists()
    assert len(json.loads((tmp_path / "results.json").read_text())["tests"]) == 2


@pytest.mark.parametrize(("status", "error"), [(4, UsageError), (3, ToolError), (9, ToolError)])
def test_the_group_that_was_not_judged_says_why_whoever_spoke_last(parts, tmp_path, status, error):
    leave(parts, 0, said="ERROR: holds no snapshot of host 'a'")
    leave(parts, 1, "b", "1 passed")
    with pytest.raises(error, match="holds no snapshot of host 'a'") as raised:
        _joined(tmp_path, parts, 3, status, killed)
    assert "1 passed" not in str(raised.value)


def test_the_group_that_refused_its_call_says_why_though_it_left_results(parts, tmp_path):
    leave(parts, 0, "a", "no tests ran in 0.5s\nERROR: holds no snapshot of host 'b'")
    with pytest.raises(UsageError, match=r"^holds no snapshot of host 'b'$"):
        _joined(tmp_path, parts, 1, 4, killed)


def test_what_failed_before_any_group_began_is_told_too(parts, tmp_path):
    (parts / "groups.log").write_text("No module named ringfence\n")
    with pytest.raises(ToolError, match="No module named ringfence"):
        _joined(tmp_path, parts, 2, 1, killed)


def test_hosts_of_a_group_that_was_killed_are_red_and_the_others_keep_theirs(parts, tmp_path):
    leave(parts, 0, "a", "1 passed")
    (parts / "1.log").write_text("half a li")
    found = _joined(tmp_path, parts, 2, 0, killed)
    assert [(test.host, test.verdict) for test in found.tests] == [
        ("a", Verdict.PASS),
        ("of group 1", Verdict.ERROR),
    ]
    assert Results.load(tmp_path / "results.json") == found


def test_when_every_group_was_killed_nothing_is_judged(parts, tmp_path):
    (parts / "0.log").write_text("half a li")
    with pytest.raises(ToolError, match=r"(?s)was killed, so nothing is judged.*half a li"):
        _joined(tmp_path, parts, 1, 0, killed)
