"""Data into models, and pydantic's errors into sentences that name the place in the file."""

import json
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ringfence.site.loader import Document, read_document
from ringfence.site.problems import HIDDEN, Path, Problem, nearest, one_of, shown
from ringfence.site.section import FORMS

Model = TypeVar("Model", bound=BaseModel)

MOST_TOLD = 1000
"""Problems of one file beyond which nobody reads on."""

KINDS = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be a mapping (key: value)",
    "model_type": "must be a mapping (key: value)",
    "model_attributes_type": "must be a mapping (key: value)",
    "date_type": "must be a day such as 2027-06-30",
    "date_parsing": "must be a day such as 2027-06-30",
    "date_from_datetime_parsing": "must be a day such as 2027-06-30",
    "date_from_datetime_inexact": "must be a day such as 2027-06-30, without a time",
}


def validate(
    model: type[Model], document: Document, context: Mapping[str, Any] | None = None
) -> tuple[Model | None, list[Problem]]:
    """Validate a document; return the model, or None and every problem of YAML and values."""
    if document.problems:
        return None, list(document.problems)
    try:
        text = json.dumps(document.data)
        return model.model_validate_json(text, strict=True, context=dict(context or {})), []
    except ValidationError as error:
        details = error.errors(include_url=False)[:MOST_TOLD]
        return None, [_problem(model, document, detail) for detail in details]


def read_model(
    model: type[Model], path: FilePath, name: str | None = None
) -> tuple[Model | None, Document, list[Problem]]:
    """Read and validate one file; `name` is how its problems call it, the path unless given."""
    document = read_document(path, name)
    found, problems = validate(model, document)
    return found, document, problems


def _problem(model: type[BaseModel], document: Document, error: ErrorDetails) -> Problem:
    path = _path_in(document, error["loc"])
    kind, given = error["type"], error["input"]
    if kind == "extra_forbidden":
        names = _names(model, path[:-1])
        hint = nearest(path[-1], names) or f"; the keys here are {one_of(names)}"
        return document.problem(path, f"there is no key {shown(path[-1])} here{hint}", key=True)
    if kind == "missing":
        return document.problem(path, f"'{error['loc'][-1]}' is missing: add it", key=bool(path))
    if error["loc"] and error["loc"][-1] == "[key]":
        return document.problem(path, f"{shown(path[-1])} {_sentence(error)}", key=True)
    if isinstance(given, dict | list):
        return document.problem(path, _sentence(error), key=kind == "value_error")
    if given is None:
        return document.problem(path, f"there is no value: it {_sentence(error)}", key=bool(path))
    value = shown(given, path)
    sentence = _sentence(error)
    return document.problem(path, sentence if value == HIDDEN else f"{value} {sentence}")


def _path_in(document: Document, location: tuple[int | str, ...]) -> Path:
    """Keep of pydantic's location what stands in the file: marks such as `[key]` do not."""
    path: Path = ()
    for step in location:
        if step == "[key]":
            continue
        longer = (*path, step)
        if longer in document.places:
            path = longer
    return path


def _sentence(error: ErrorDetails) -> str:
    """Say what is wrong with a value, as the rest of a sentence that begins with it."""
    kind, context, given = error["type"], error.get("ctx", {}), error["input"]
    if kind == "value_error":
        return " ".join(str(context.get("error", error["msg"])).split())
    if kind in {"enum", "literal_error"}:
        quoted = str(context["expected"]).replace(" or ", ", ").split(", ")
        names = [name.strip("'") for name in quoted]
        return f"is not one of {one_of(names)}{nearest(given, names)}"
    if kind in KINDS:
        got = f", not {shown(given)}" if isinstance(given, dict | list) else ""
        quote = "; put it in quotes" if kind == "string_type" and not got and given else ""
        return KINDS[kind] + got + quote
    if kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        return f"must be {FORMS.get(pattern, f'of the form {pattern}')}"
    if kind in {"too_short", "string_too_short"}:
        return "must not be empty"
    return _in_our_words(error["msg"])


def _in_our_words(message: str) -> str:
    for opening in ("Input should ", "String should ", "List should ", "Value should "):
        message = message.replace(opening, "must ")
    return message


def _names(model: type[BaseModel], path: Path) -> list[str]:
    """Return the keys that are valid at a path."""
    here: Any = model
    for step in path:
        here = _step_into(here, step)
    found = _model_in(here)
    if found is None:
        return []
    return [field.alias or name for name, field in found.model_fields.items()]


def _step_into(annotation: Any, step: str | int) -> Any:
    found = _model_in(annotation)
    if found is not None:
        for name, field in found.model_fields.items():
            if step in {name, field.alias}:
                return field.annotation
        return None
    arguments = get_args(annotation)
    if get_origin(annotation) is dict:
        return arguments[1]
    if get_origin(annotation) is list:
        return arguments[0]
    for option in arguments:
        if (inner := _step_into(option, step)) is not None:
            return inner
    return None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    for option in (annotation, *get_args(annotation)):
        is_container = get_origin(annotation) in {dict, list}
        if not is_container and isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None
