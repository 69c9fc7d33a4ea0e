import pytest

from ringfence.report.observations import alike, note, unmet
from ringfence.verify.results import TestResult
from ringfence.verify.verdicts import Verdict

MET = {"subject": "a", "expected": "1", "observed": "1", "met": True}
UNMET = {"subject": "b", "expected": "1", "observed": "2", "met": False}


def test_unmet_leaves_out_what_was_as_expected():
    test = TestResult("pbx1", "SSH-01", "test_x", Verdict.FAIL, "", [MET, UNMET])

    assert unmet(test) == [UNMET]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("b: expected 1, observed 2", ""),
        ("b: expected 1, observed 2 (missing: 1)", "missing: 1"),
        (
            "b: expected 1, observed 2 (missing: 1) (its waiver ended)",
            "missing: 1; its waiver ended",
        ),
        ("the door is open", "the door is open"),
    ],
)
def test_note_is_what_the_message_says_beyond_the_observation(message, said):
    assert note(TestResult("pbx1", "SSH-01", "test_x", Verdict.FAIL, message, [UNMET])) == said


def test_note_of_a_test_that_saw_nothing_is_its_message():
    assert note(TestResult("pbx1", "SSH-01", "", Verdict.ERROR, "no test")) == "no test"


def test_tests_that_found_the_same_amiss_stand_together():
    def found(name, verdict=Verdict.FAIL, seen=UNMET):
        return TestResult("pbx1", "SSH-01", name, verdict, "", [MET, seen])

    other = UNMET | {"observed": "3"}
    tests = [found("a"), found("b"), found("c", seen=other), found("d", Verdict.ERROR, other)]
    assert [[test.test for test in group] for group in alike(tests)] == [["a", "b"], ["c"], ["d"]]
