"""What the text below a field of a model says: the meaning of a key, for schemas and the reference.

pydantic can find it too (`use_attribute_docstrings`), but reads the source of every model whenever
one is imported: a command would spend as long on that as on all else that it does at its start.
"""

import ast
import inspect
import textwrap

from pydantic import BaseModel


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return the text below each field of a model, its own and inherited ones, by field.

    A field without one is left out, and so is every field of a class that has no source.
    """
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, BaseModel) and each is not BaseModel:
            found |= _own(each)
    return {name: text for name, text in found.items() if text}


def _own(model: type[BaseModel]) -> dict[str, str]:
    """Return the text below each field that a class itself has; it may be empty."""
    try:
        source = textwrap.dedent(inspect.getsource(model))
    except (OSError, TypeError):  # pydantic.create_model made it, say
        return {}
    definition = ast.parse(source).body[0]
    assert isinstance(definition, ast.ClassDef)
    found = {}
    for node, below in zip(definition.body, [*definition.body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = _text(below)
    return found


def _text(node: ast.stmt | None) -> str:
    """Return the text that a statement consists of; of any other none."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Constant):
        return ""
    text = node.value.value
    return inspect.cleandoc(text) if isinstance(text, str) else ""
