import pytest

from ringfence.verify.baseline_run import judge, shorten
from ringfence.verify.expectations import Expect
from ringfence.verify.marking import NotApplicableError
from ringfence.verify.session import UnreachableError
from ringfence.verify.verdicts import Verdict


def ended_with(error):
    try:
        raise error
    except BaseException:
        return pytest.ExceptionInfo.from_current()


def expecting(*values, met=True):
    expect = Expect()
    for value in values:
        expect("s", value, equals=value)
    if not met:
        with pytest.raises(AssertionError):
            expect("s", 1, equals=2)
    return expect


def test_a_test_that_measured_nothing_is_an_error():
    verdict, message = judge(None, Expect())
    assert verdict is Verdict.ERROR
    assert "without measuring anything" in message


def test_a_test_whose_expectations_are_met_passes():
    assert judge(None, expecting(1)) == (Verdict.PASS, "")


def test_an_unmet_expectation_fails_with_its_sentence():
    expect = Expect()
    with pytest.raises(AssertionError) as caught:
        expect("permitrootlogin", "yes", equals="no")
    assert judge(caught, expect) == (
        Verdict.FAIL,
        "permitrootlogin: expected no, observed yes",
    )


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (NotApplicableError("a container"), Verdict.NOT_APPLICABLE),
        (UnreachableError("gone"), Verdict.UNREACHABLE),
        (AssertionError("Unexpected exit code 127"), Verdict.ERROR),
        (KeyError("x"), Verdict.ERROR),
        (pytest.skip.Exception("no tool"), Verdict.ERROR),
        (pytest.fail.Exception("x"), Verdict.ERROR),
    ],
)
def test_what_was_not_measured_is_never_a_pass_nor_a_failure(error, verdict):
    assert judge(ended_with(error), Expect())[0] is verdict


def test_a_plain_assertion_behind_a_measurement_is_a_failure():
    assert judge(ended_with(AssertionError("x")), expecting(1))[0] is Verdict.FAIL


def test_what_led_to_a_failure_is_told_from_the_test_on(tmp_path):
    test, elsewhere = tmp_path / "test_it.py", tmp_path / "elsewhere.py"
    scope = {}
    exec(compile("def run(call): call()", elsewhere, "exec"), scope)
    exec(compile("def test(): run(fails)\ndef fails(): raise error", test, "exec"), scope)

    def ended(error):
        scope["error"] = error
        with pytest.raises(type(error)) as caught:
            scope["run"](scope["test"])
        shorten(caught, test)
        return [entry.name for entry in caught.traceback]

    assert ended(UnreachableError("gone")) == ["test", "run", "fails"]
    assert ended(NotApplicableError("a container")) == []
