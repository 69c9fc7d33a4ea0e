"""Data into models, and pydantic's errors into sentences that name the place in the file."""

import json
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ringfence.site.loader import Document, read_document
from ringfence.site.problems import Path, Problem, nearest, one_of, shown

Model = TypeVar("Model", bound=BaseModel)

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
        details = error.errors(include_url=False)
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
    kind = error["type"]
    if error["loc"] and error["loc"][-1] == "[key]":
        return document.problem(path, f"{shown(path[-1])} {_sentence(error)}", key=True)
    if kind == "extra_forbidden":
        names = _names(model, path[:-1])
        hint = nearest(path[-1], names) or f"; the keys here are {one_of(names)}"
        return document.problem(path, f"there is no key {shown(path[-1])} here{hint}", key=True)
    if kind == "missing":
        missing = error["loc"][-1]
        return document.problem(path, f"'{missing}' is missing: add it", key=bool(path))
    if kind == "value_error" and isinstance(error["input"], dict):
        return document.problem(path, _sentence(error), key=bool(path))
    value = document.value(path)
    sentence = _sentence(error)
    if "PRIVATE key" in sentence or not value or value.startswith("a "):
        return document.problem(path, sentence)
    return document.problem(path, f"{value} {sentence}")


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
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        return str(context.get("error", error["msg"]))
    if kind in {"enum", "literal_error"}:
        names = [
            name.strip("'") for name in str(context["expected"]).replace(" or ", ", ").split(", ")
        ]
        return f"is not one of {one_of(names)}{nearest(error['input'], names)}"
    if kind in KINDS:
        given = error["input"]
        got = "" if isinstance(given, str) else f", not {shown(given)}"
        quote = "; put it in quotes" if kind == "string_type" and not _compound(given) else ""
        return KINDS[kind] + got + quote
    if kind == "string_pattern_mismatch":
        return f"is not of the form {context['pattern']}"
    if kind == "too_short":
        return "must not be empty"
    message = error["msg"]
    for opening in ("Input should be", "String should", "List should", "Value error,"):
        message = message.replace(opening, {"Input should be": "must be"}.get(opening, "must"))
    return message


def _compound(value: Any) -> bool:
    return value is None or isinstance(value, dict | list)


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
