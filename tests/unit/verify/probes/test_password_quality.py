from types import SimpleNamespace

import pytest

from ringfence.verify.probes.password_quality import asks_for_more, cracklib_verdict


@pytest.mark.parametrize(
    ("said", "more"),
    [
        ("Password quality check failed: The password is shorter than 20 characters", True),
        (
            "Password quality check failed: The password contains less than 4 character classes",
            True,
        ),
        ("Password quality check failed: The password fails the dictionary check", False),
        ("good", False),
    ],
)
def test_length_and_mix_are_judged_before_the_dictionary(said, more):
    assert asks_for_more(said) is more


def test_cracklib_says_it_after_the_password_itself():
    answer = SimpleNamespace(stdout="Sesame: 1: it is based on a dictionary word\n", stderr="")
    host = SimpleNamespace(run=lambda *_words: answer)
    assert cracklib_verdict(host, "Sesame: 1") == "it is based on a dictionary word"
