from itertools import permutations

from ringfence.verify.verdicts import Verdict, worst


def test_nothing_measured_is_an_error():
    assert worst([]) is Verdict.ERROR


def test_a_failure_is_worse_than_anything_else():
    for order in permutations(Verdict):
        assert worst(order) is Verdict.FAIL


def test_not_applicable_beside_a_pass_is_a_pass():
    assert worst([Verdict.NOT_APPLICABLE, Verdict.PASS]) is Verdict.PASS


def test_red_is_what_nobody_may_overlook():
    assert {verdict for verdict in Verdict if verdict.is_red} == {
        Verdict.FAIL,
        Verdict.ERROR,
        Verdict.UNREACHABLE,
    }
