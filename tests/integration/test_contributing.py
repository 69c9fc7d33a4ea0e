"""What CONTRIBUTING.md says, done to the letter in a fresh copy of this repository."""

import re
from pathlib import Path

import pytest

from .newcomers import checked

ROOT = Path(__file__).parents[2]
BEFORE = "Then see it red and green"


def told():
    """Return the lines of the block that shows a role red and green."""
    text = (ROOT / "CONTRIBUTING.md").read_text().partition(BEFORE)[2]
    return re.findall(r"^    (\S.*)$", text.partition("\n`ringfence prove")[0], re.MULTILINE)


@pytest.mark.every_way
def test_a_role_is_seen_red_and_green_by_doing_what_contributors_are_told(newcomer):
    ended = newcomer.does("".join(checked(line) for line in told()))
    assert "TOY-01: the words of the day" in ended
    assert "1 of 1 controls proven; 3 of 3 sabotages seen red and repaired" in ended
