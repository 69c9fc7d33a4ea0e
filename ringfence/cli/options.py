"""Arguments and options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

site_argument = click.argument(
    "site", metavar="SITE", type=click.Path(path_type=Path, exists=True, file_okay=False)
)


def limit_option(command: Command) -> Command:
    """Add ``--limit``."""
    return click.option(
        "--limit", metavar="HOSTS", help="Only these hosts or groups (comma separated, globs)."
    )(command)


def role_option(command: Command) -> Command:
    """Add ``--role``."""
    return click.option(
        "--role", "roles", metavar="ROLES", help="Only these roles (comma separated)."
    )(command)


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document instead."
)


def runs_folder(site: Path, runs: Path | None) -> Path:
    """Return where runs are kept: ``--runs``, else ``runs`` inside the site's directory."""
    return runs if runs is not None else site / "runs"


runs_option = click.option(
    "--runs",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where runs are kept (SITE/runs).",
)
