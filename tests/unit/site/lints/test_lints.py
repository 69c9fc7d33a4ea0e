from collections.abc import Callable
from pathlib import Path

import pytest

from ringfence.site import Site, SiteError, load_site
from ringfence.site.lints import LINTS
from ringfence.site.lints.lint import listed
from ringfence.site.lints.page import page

CHECKOUT = Path(__file__).parents[4]
EVERY = [lint for lints in LINTS.values() for lint in lints]


def test_a_clean_site_hears_nothing(load: Callable[..., Site]) -> None:
    assert load().warnings == []


@pytest.mark.parametrize("name", ["example", "lab"])
def test_no_lint_is_about_the_inventories_that_are_shipped(name: str) -> None:
    warnings = load_site(CHECKOUT / "inventories" / name).warnings
    assert not [str(warning) for warning in warnings if warning.message.endswith("]")]


def test_every_lint_has_a_test_in_which_it_fires() -> None:
    """The names are looked for where tests compare what is told."""
    here = Path(__file__).parent
    tests = "".join(path.read_text() for path in here.glob("test_*.py"))
    assert [lint.name for lint in EVERY if f"[{lint.name}]" not in tests] == []


def test_names_are_given_once_and_descriptions_have_two_parts() -> None:
    assert len({lint.name for lint in EVERY}) == len(EVERY)
    assert all(lint.says and lint.why for lint in EVERY)


def test_what_is_refused_is_told_alone_and_in_the_files_order(load: Callable[..., Site]) -> None:
    with pytest.raises(SiteError) as error:
        load(
            ("    roles: [security_officer]\n", "    roles: [security_officer, administrator]\n"),
            ("groups: [agents]", "groups: [agents, pbx]"),
            ("    - {to: [10.9.0.53], port: 53, protocol: udp, purpose: names}\n", ""),
        )
    assert [problem.key for problem in error.value.problems] == [
        "hosts.agent1.groups[1]",
        "people.carmen.roles",
    ]


def test_the_shipped_page_is_current() -> None:
    """When this fails: make docs"""
    assert (CHECKOUT / "docs" / "reference" / "lints.md").read_text() == page()


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c", "d", "e"], "a, b, c, d and e"),
        (["a", "b", "c", "d", "e", "f"], "a, b, c, d and 2 more"),
    ],
)
def test_many_names_are_counted(names: list[str], text: str) -> None:
    assert listed(names) == text
