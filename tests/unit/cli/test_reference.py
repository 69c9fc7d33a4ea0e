"""The reference and the manual page are those of the commands that there are."""

import re
from pathlib import Path

import pytest

from ringfence.cli import COMMANDS
from ringfence.cli.reference import EXITS, MANUAL, PAGE, commands, manual, markdown

CHECKOUT = Path(__file__).parents[3]


def shipped_manual():
    return (CHECKOUT / MANUAL).read_text()


def test_the_shipped_reference_is_current():
    """When this fails: make docs"""
    assert (CHECKOUT / PAGE).read_text() == markdown()


def test_the_shipped_manual_page_is_current():
    """When this fails: make docs"""
    assert shipped_manual() == manual((CHECKOUT / EXITS).read_text())


@pytest.mark.parametrize("path", [context.command_path for _, context in commands()])
def test_every_command_is_in_both(path):
    assert re.search(rf"^#+ {re.escape(path)}$", markdown(), re.MULTILINE)
    assert path == "ringfence" or f".SS {path}".replace("-", "\\-") in shipped_manual()


def test_the_manual_page_has_every_command_and_exit_code():
    page = shipped_manual()
    names = [name.replace("-", "\\-") for name in COMMANDS]
    assert all(f".SS ringfence {name}" in page for name in names)
    assert all(f".B {code}\n" in page for code in (0, 1, 2, 3, 4, 130))
    assert not re.search(r"^'|^\.(?!SH|SS|TH|TP|PP|B |I |\\)", page, re.MULTILINE)
