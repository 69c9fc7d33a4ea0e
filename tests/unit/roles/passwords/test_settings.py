"""What a site may decide about passwords, and what it may not."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from ringfence.site.section import Classification
from ringfence.site.validation import read_model
from roles.passwords.deploy import days
from roles.passwords.settings import MaxDaysSettings, Settings


def problems(tmp_path: Path, section: str) -> list[str]:
    path = tmp_path / "policy.yml"
    path.write_text(section)
    _, _, found = read_model(Settings, path, "policy.yml")
    return [str(problem) for problem in found]


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ("tries: 11", "11 must be less than or equal to 10"),
        ("tries: 2", "2 must be greater than or equal to 3"),
        ("locked_seconds: 900", "900 must be greater than or equal to 1800"),
        ("length: 8", "8 must be greater than or equal to 12"),
        ("remembered: 3", "3 must be greater than or equal to 4"),
        ("max_days: {basic: 366}", "366 must be less than or equal to 365"),
        ("max_days: {pci: 0}", "0 must be greater than or equal to 1"),
        ("trials: 5", "there is no key 'trials' here"),
    ],
)
def test_a_value_out_of_range_is_told_in_one_sentence(tmp_path, section, sentence) -> None:
    (found,) = problems(tmp_path, section)
    assert "policy.yml:" in found
    assert sentence in found


def test_the_bounds_themselves_are_allowed(tmp_path) -> None:
    assert not problems(tmp_path, "{tries: 10, locked_seconds: 1800, length: 12, remembered: 4}")


@pytest.mark.parametrize(
    ("level", "pci", "expected"),
    [
        ("basic", False, 300),
        ("medium", False, 200),
        ("high", False, 200),
        ("basic", True, 100),
        ("high", True, 100),
    ],
)
def test_the_shortest_age_that_applies_wins(level, pci, expected) -> None:
    limits = MaxDaysSettings(basic=300, medium=200, high=250, pci=100)
    host = SimpleNamespace(classification=Classification(level), pci=pci)
    assert days(limits, host) == expected
