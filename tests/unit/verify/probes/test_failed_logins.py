import json
from types import SimpleNamespace

from ringfence.verify.probes import failed_logins


def host(text):
    return SimpleNamespace(run=lambda *_: SimpleNamespace(stdout=text))


def counted(*numbers):
    return host(json.dumps(numbers) + "\n")


RIGHT = [[1, 1], [1, 1], [2, 2], [0, 0], [0, 0], [1, 1]]


def test_what_counts_as_it_happened_is_not_named():
    found = failed_logins.failures(counted(*RIGHT))
    assert found["a wrong password"] == (2, 2)
    assert failed_logins.miscounted(found, "few") == failed_logins.miscounted(found, "many") == []


def test_failures_that_are_passed_over_are_named_with_their_place():
    found = failed_logins.failures(counted([1, 0], *RIGHT[1:]))
    assert failed_logins.miscounted(found, "few") == ["a name that nobody has: 0 after a start"]
    assert failed_logins.miscounted(found, "many") == []


def test_what_counts_more_often_than_it_happened_is_named():
    found = failed_logins.failures(counted([3, 1], *RIGHT[1:3], [1, 1], *RIGHT[4:]))
    assert failed_logins.miscounted(found, "few") == []
    assert failed_logins.miscounted(found, "many") == [
        "a name that nobody has: 3 now",
        "nobody who tries to log in: 1 now",
        "nobody who tries to log in: 1 after a start",
    ]


def test_who_could_not_be_counted_is_named_for_both():
    found = failed_logins.failures(counted(*RIGHT[:3], [None, 0], *RIGHT[4:]))
    assert found["nobody who tries to log in"] == (None, 0)
    for too in ("few", "many"):
        wrong = ["nobody who tries to log in: could not be counted now"]
        assert failed_logins.miscounted(found, too) == wrong


def test_of_a_server_that_does_not_answer_nobody_could_be_counted():
    found = failed_logins.failures(host(""))
    for too in ("few", "many"):
        wrong = failed_logins.miscounted(found, too)
        assert len(wrong) == 2 * len(failed_logins.SESSIONS)
        assert all("could not be counted" in one for one in wrong)
