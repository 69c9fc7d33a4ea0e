"""Arguments and options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ringfence.cli.completing import controls, hosts_and_groups, roles, some_of
from ringfence.errors import UsageError
from ringfence.side_by_side import HOSTS_AT_ONCE

Command = TypeVar("Command", bound=Callable[..., Any])

site_argument = click.argument(
    "site", metavar="SITE", type=click.Path(path_type=Path, exists=True, file_okay=False)
)


def limit_option(command: Command) -> Command:
    """Add ``--limit``."""
    return click.option(
        "--limit",
        metavar="HOSTS",
        shell_complete=some_of(hosts_and_groups),
        help="Only these hosts or groups (comma separated, globs).",
    )(command)


def controls_option(command: Command) -> Command:
    """Add ``--control``."""
    return click.option(
        "--control",
        "controls",
        metavar="IDS",
        shell_complete=some_of(controls),
        help="Only these controls (comma separated).",
    )(command)


def role_option(command: Command) -> Command:
    """Add ``--role``."""
    return click.option(
        "--role",
        "roles",
        metavar="ROLES",
        shell_complete=some_of(roles),
        help="Only these roles (comma separated).",
    )(command)


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document instead."
)


def json_for(form: str) -> Callable[[Command], Command]:
    """Return what adds ``--json`` beside a ``--format``, of which it is short for `form`."""
    return click.option("--json", "as_json", is_flag=True, help=f"Short for --format {form}.")


def chosen_format(form: str | None, usual: str, as_json: bool, of_json: str) -> str:
    """Return what ``--format`` and ``--json`` say. Raises UsageError when they contradict."""
    if not as_json:
        return form or usual
    if form not in (None, of_json):
        raise UsageError(f"--json is --format {of_json}: leave out --format {form}, or --json")
    return of_json


parallel_option = click.option(
    "--parallel",
    metavar="N",
    type=click.IntRange(1),
    default=HOSTS_AT_ONCE,
    help=f"Work on N hosts at a time ({HOSTS_AT_ONCE}).",
)


def waves_option(text: str) -> Callable[[Command], Command]:
    """Return what adds ``--waves``, with `text` as its help."""
    return click.option("--waves", metavar="SIZES", help=text)


def runs_folder(site: Path, runs: Path | None) -> Path:
    """Return where runs are kept: ``--runs``, else ``runs`` inside the site's directory."""
    return runs if runs is not None else site / "runs"


runs_option = click.option(
    "--runs",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where runs are kept (SITE/runs).",
)
