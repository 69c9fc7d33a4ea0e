import pytest

from ringfence.verify.expectations import Expect, UnmetExpectationError, readable


@pytest.mark.parametrize(
    ("observed", "matcher"),
    [
        ("no", {"equals": "no"}),
        ("no", {"differs_from": "yes"}),
        ("a", {"one_of": ["a", "b"]}),
        ({"a"}, {"within": {"a", "b"}}),
        ([], {"within": ["a"]}),
        (["a", "b"], {"includes": ["a"]}),
        (3, {"at_most": 3}),
        (3, {"at_least": 3}),
        ("OpenSSH_9.2", {"matches": r"^OpenSSH_\d"}),
        ([], {"nothing": True}),
    ],
)
def test_a_met_expectation_is_recorded(observed, matcher):
    expect = Expect()
    expect("subject", observed, **matcher)
    (seen,) = expect.observations
    assert seen.met
    assert seen.subject == "subject"


@pytest.mark.parametrize(
    ("observed", "matcher", "sentence"),
    [
        ("yes", {"equals": "no"}, "s: expected no, observed yes"),
        (True, {"equals": False}, "s: expected no, observed yes"),
        ("a", {"differs_from": "a"}, "s: expected anything but a, observed a"),
        ("c", {"one_of": ["a", "b"]}, "s: expected one of a, b, observed c"),
        ({"c", "a"}, {"within": {"a"}}, r"nothing but a, observed a, c \(not allowed: c\)"),
        (["a"], {"includes": ["a", "b"]}, r"at least a, b, observed a \(missing: b\)"),
        (4, {"at_most": 3}, "at most 3, observed 4"),
        (2, {"at_least": 3}, "at least 3, observed 2"),
        ("x", {"matches": "^y"}, r"text like \^y, observed x"),
        (["key"], {"nothing": True}, "expected nothing, observed key"),
        (None, {"equals": "x"}, "expected x, observed nothing"),
    ],
)
def test_an_unmet_expectation_fails_with_expected_and_observed(observed, matcher, sentence):
    expect = Expect()
    with pytest.raises(UnmetExpectationError, match=sentence):
        expect("s", observed, **matcher)
    assert not expect.observations[0].met


@pytest.mark.parametrize("matcher", [{}, {"equals": 1, "at_most": 2}, {"looks_like": 1}])
def test_a_wrong_matcher_is_a_mistake_in_the_test_not_a_failure_of_the_host(matcher):
    expect = Expect()
    with pytest.raises(TypeError):
        expect("s", 1, **matcher)
    assert expect.observations == []


def test_long_values_are_shortened_and_say_so():
    assert readable("x" * 5_000).endswith("… (5000 characters)")
