"""Templates of the roles, rendered strictly: a missing value is an error, never an empty place."""

from pathlib import Path
from typing import Any

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
)

from ringfence.errors import ToolError


def render(role_templates_dir: Path, name: str, **values: Any) -> str:
    """Render `<role_templates_dir>/<name>.j2`; `written_by` is a sentence for the file's head.

    Raises ToolError, in one sentence, when the template is missing or broken, or when it needs a
    value that isn't given.
    """
    role = role_templates_dir.name
    environment = Environment(  # noqa: S701 - configuration files, not HTML
        loader=FileSystemLoader(role_templates_dir),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    where = f"the template {role}/{name}.j2"
    try:
        return environment.get_template(f"{name}.j2").render(written_by=written_by(role), **values)
    except TemplateNotFound:
        raise ToolError(f"{where} is missing; it belongs in {role_templates_dir}") from None
    except TemplateSyntaxError as error:
        raise ToolError(f"{where} is broken in line {error.lineno}: {error.message}") from None
    except UndefinedError as error:
        raise ToolError(f"{where} lacks a value: {error.message}") from None


def written_by(role: str) -> str:
    """Return the sentence at the head of every file that a role writes."""
    return f"Written by Ringfence (role {role}). Changes here are replaced at the next apply."
