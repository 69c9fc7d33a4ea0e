"""``ringfence explain``."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from ringfence.catalogue import Catalogue, load_catalogue
from ringfence.catalogue.proofs import Proof
from ringfence.cli import completing
from ringfence.cli.documents import print_document
from ringfence.cli.options import json_option
from ringfence.proof.explaining import BaselineTest, Explanation
from ringfence.proof.explaining import explain as explanation_of
from ringfence.proof.sabotages import load_sabotages
from ringfence.report.wording import NEVER_RED, framework_name, sentence
from ringfence.site import find_house

INDENT = 2
PLAIN_WIDTH = 100


@click.command(epilog="Example: ringfence explain SSH-01; ringfence explain")
@click.argument(
    "controls",
    metavar="[CONTROL]...",
    nargs=-1,
    shell_complete=completing.one_of(completing.controls),
)
@json_option
def explain(controls: tuple[str, ...], as_json: bool) -> int:
    """Say of a CONTROL what it demands and why, how it is met, verified and proven, and by which
    clauses it is asked for. Without one: list them all.
    """
    house = find_house(Path())
    catalogue = load_catalogue(house)
    chosen = catalogue.select(",".join(controls) if controls else None)
    sabotages = load_sabotages(house, catalogue)
    explained = [explanation_of(house, catalogue, sabotages, name) for name in chosen]
    if as_json:
        print_document([explanation.as_dict() for explanation in explained])
        return 0
    console = Console(highlight=False, soft_wrap=not controls)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    if not controls:
        for line in _listed(catalogue):
            console.print(line)
    for number, explanation in enumerate(explained if controls else ()):
        if number:
            console.print()
        _tell(console, explanation)
    return 0


def _listed(catalogue: Catalogue) -> Iterator[Text]:
    """Yield a line a control."""
    roles = {name: ", ".join(catalogue.roles_of[name]) for name in catalogue.controls}
    widest = max(map(len, roles.values()))
    for name, control in catalogue.controls.items():
        yield Text.assemble(
            (name, "bold"),
            f"  {roles[name]:{widest}}  {control.severity.value:8}  {control.title}",
        )


def _tell(console: Console, explained: Explanation) -> None:
    """Print what there is to say of one control."""
    control = explained.control
    console.print(Text.assemble((control.id, "bold"), "  ", (control.title, "bold")))
    groups = "every host" if control.groups == ["all"] else ", ".join(control.groups)
    where = f"{groups}, from classification {control.classification.value}"
    after = " It can pass only after a reboot." if control.verifies == "after reboot" else ""
    _section(console, "Where", f"{where}. A failure is {control.severity.value}.{after}")
    _section(console, "Why", control.rationale)
    named = f"role{'s' if len(explained.roles) > 1 else ''} {' and '.join(explained.roles)}"
    _section(console, f"How it is met: {named}", control.remedy)
    for suite, tests in groupby(explained.tests, lambda test: test.suite):
        _section(console, f"How it is verified: {suite}", "")
        _tell_tests(console, tests)
    _section(console, "Seen red", _seen(explained.proof))
    _section(console, "Asked for by", "")
    for framework, clauses in control.frameworks.items():
        _indented(console, f"{framework_name(framework)}: {', '.join(clauses)}")


def _seen(proof: Proof | None) -> str:
    """Say when the tests were seen red, and on which releases: of the control, for a proof doesn't
    tell which of them each test was seen on."""
    if proof is None:
        return f"{NEVER_RED}."
    which = "; which test was seen on which of them is not on record"
    hosts = f"The hosts ran Debian {' or '.join(proof.releases)}"
    return (
        f"On {proof.date} each test failed for its reason on a host broken as named above, and "
        "passed when the role was applied again. "
        f"{hosts}{which if len(proof.releases) > 1 else ''}."
    )


def _tell_tests(console: Console, tests: Iterable[BaselineTest]) -> None:
    """Print each test, and by what it was seen red."""
    for test in tests:
        _indented(console, f"{sentence(test.name)} (line {test.line})")
        for case in test.cases:
            unseen = "" if test.was_seen_red_by(case) else f" ({NEVER_RED})"
            text = Text.assemble((f"{case.kind.value}: {case.does}", "dim"), (unseen, "bold red"))
            _indented(console, text, INDENT * 2)


def _section(console: Console, title: str, text: str) -> None:
    console.print(Text(title, "bold cyan"))
    if text:
        _indented(console, text)


def _indented(console: Console, text: str | Text, indent: int = INDENT) -> None:
    body = text if isinstance(text, Text) else Text(text)
    for line in body.wrap(console, console.width - indent):
        line.rstrip()
        console.print(Text(" " * indent).append_text(line))
