"""The reference and the manual page are those of the commands that there are."""

import re
from pathlib import Path

import pytest

from ringfence.cli import COMMANDS
from ringfence.cli.reference import (
    ENVIRONMENT,
    EXITS,
    FILES,
    MANUAL,
    PAGE,
    commands,
    manual,
    markdown,
)
from ringfence.site.sampling import SAMPLE, sample_files

CHECKOUT = Path(__file__).parents[3]
OF_OUR_OWN = {
    "RINGFENCE_ANSWERS",
    "RINGFENCE_EFFECTS",
    "RINGFENCE_LAB",
    "RINGFENCE_LAB_PART",
    "RINGFENCE_QUESTIONS",
}
"""Variables that Ringfence sets for programs that it starts."""


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


def test_the_manual_page_names_every_variable_that_people_set():
    named = {
        found
        for path in (CHECKOUT / "ringfence").rglob("*.py")
        for found in re.findall(r"\bRINGFENCE_[A-Z_]+\b", path.read_text())
    }
    assert {name for name in ENVIRONMENT if name.startswith("RINGFENCE_")} == named - OF_OUR_OWN


def test_the_manual_page_names_the_files_of_a_site():
    files = {path.relative_to(SAMPLE) for path in sample_files()} - {Path("attestations/README.md")}
    assert {f"SITE/{path}" for path in files} <= set(FILES)
    assert {"SITE/pki", "SITE/secrets.yml.age", "SITE/secrets.recipients"} <= set(FILES)
