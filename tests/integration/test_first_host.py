"""What docs/how-to/first-host.md says of a host of the lab, done to the letter in a fresh copy."""

import re
from pathlib import Path

import pytest

from .newcomers import checked

PAGE = Path(__file__).parents[2] / "docs/how-to/first-host.md"
BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WANTED = {"verify": "1", "plan": "2"}
"""How a command ends on a host that is not at its baseline."""


def begun():
    """Return the lines that start a lab for somebody who has no server."""
    block = BLOCK.search(PAGE.read_text().partition("No server at hand?")[2])
    return block[1].splitlines()


def gone_through():
    """Return the commands from the fifth step on, of the lab's host, a step each."""
    steps = re.split(r"^## \d\. ", PAGE.read_text(), flags=re.MULTILINE)[5:]
    found = []
    for step in steps:
        said = re.findall(r"^(ringfence .*)$", "\n".join(BLOCK.findall(step)), re.MULTILINE)
        found.append([one.replace("my-site", "inventories/lab --limit agent1") for one in said])
    return found


@pytest.mark.every_way
def test_a_host_is_red_then_green_by_doing_what_newcomers_are_told(newcomer):
    red, planned, applied, ended = gone_through()
    script = [checked(line) for line in begun()]
    script += [checked(line, WANTED[line.split()[1]]) for line in (*red, *planned)]
    script += [checked(line) for line in (*applied, *ended)]
    said = newcomer.does("".join(script))
    assert "agent1: ok, 0 would change" in said
    assert re.search(r"guard: armed, .*disarmed", said)
    assert list((newcomer.clone / "inventories/lab/runs").glob("*/report.html"))
