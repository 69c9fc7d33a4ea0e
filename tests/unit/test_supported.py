import subprocess

import pytest

from ringfence.supported import SYSTEM, unsupported


@pytest.mark.parametrize("answer", ["debian 12\n", "debian 13"])
def test_debian_12_and_13_are_supported(answer):
    assert unsupported(answer) == ""


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ("ubuntu 24.04\n", "it runs ubuntu 24.04: only"),
        ("debian \n", "it runs debian: only"),
        ("debian 11\n", "it runs debian 11: only"),
        ("", "it runs an unknown system: only"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(answer, named):
    assert unsupported(answer).startswith(named)


def test_the_question_is_one_that_a_shell_answers():
    said = subprocess.run(["sh", "-c", SYSTEM], capture_output=True, text=True, check=True)
    assert len(said.stdout.split()) >= 1
