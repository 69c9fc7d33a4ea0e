from types import SimpleNamespace

import pytest

from ringfence.verify.probes.last_logins import day_of_birth


@pytest.mark.parametrize(
    ("status", "printed", "day"),
    [(0, "1795564800\n", 20782), (0, "0\n", 0), (1, "", 0)],
)
def test_a_home_whose_birth_nobody_knows_is_of_the_first_day(status, printed, day):
    answer = SimpleNamespace(rc=status, stdout=printed)
    assert day_of_birth(SimpleNamespace(run=lambda *_words: answer), "/home/ana") == day
