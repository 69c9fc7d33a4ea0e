"""The reference of a site's files, generated from the models: docs/reference/site-files.md.

`python -m ringfence.site.reference` writes it.
"""

from pathlib import Path
from typing import Any

from ringfence.site.house import House, find_house
from ringfence.site.schema import schemas

PAGE = Path("docs/reference/site-files.md")

OPENING = """\
# The files of a site

A site is a folder with `hosts.yml`, `policy.yml` and `waivers.yml`; `ringfence init DIR` writes a
commented sample, `ringfence check DIR` tells what is wrong, each thing with file, line and column.
One that can be played in the lab (`ringfence lab up DIR`) has `lab.yml` too. The files
`reviews/YYYY-MM.yml` are written by `ringfence logs acknowledge`, and read with the others.

The files are a small part of YAML, in UTF-8: mappings with text as keys, lists, scalars. `true` and
`false` alone are booleans, a decimal number without leading zeros is a number; `no`, `1:30`, `012`
and days (`2027-06-30`) are text. Keys that aren't described here are refused, and so are duplicate
keys, anchors, aliases, merge keys, tags, tabs, several documents in a file, files over 1 MiB.

Editors that know the YAML language server complete the keys: the first line of each file names its
JSON Schema in `.schemas/`, which `ringfence init` writes; `ringfence check SITE --write-schemas
SITE/.schemas` writes them again after an upgrade.

This page is made from the models by `python -m ringfence.site.reference`.
"""


def reference(house: House) -> str:
    """Return the reference as Markdown: for each file its keys, then those of each part."""
    parts = [OPENING]
    for name, schema in schemas(house).items():
        parts.append(f"\n## {name}.yml\n")
        parts.append(_table(schema, schema))
        parts += _parts(schema)
    return "\n".join(parts)


def _parts(schema: dict[str, Any]) -> list[str]:
    """Describe the parts that a file's keys refer to, in the order of the first mention."""
    done: list[str] = []
    waiting = _references(schema)
    texts = []
    while waiting:
        name = waiting.pop(0)
        if name in done:
            continue
        done.append(name)
        definition = schema["$defs"][name]
        waiting += _references(definition)
        if "properties" in definition:
            meaning = _cell(definition.get("description", ""))
            texts.append(f"\n### {name}\n\n{meaning}\n")
            texts.append(_table(definition, schema))
    return texts


def _table(part: dict[str, Any], schema: dict[str, Any]) -> str:
    lines = ["| key | value | default | meaning |", "|---|---|---|---|"]
    for key, field in part["properties"].items():
        named = schema["$defs"].get(field.get("$ref", "").rsplit("/", 1)[-1], {})
        meaning = _cell(field.get("description") or named.get("description", ""))
        is_required = key in part.get("required", [])
        default = "required" if is_required else "as there" if named else _default(field)
        lines.append(f"| `{key}` | {_kind(field, schema)} | {default} | {meaning} |")
    return "\n".join(lines) + "\n"


def _kind(field: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[1]
        part = schema["$defs"][name]
        return f"[{name}](#{name.lower()})" if "properties" in part else _kind(part, schema)
    if "anyOf" in field:
        kinds = [_kind(option, schema) for option in field["anyOf"] if option.get("type") != "null"]
        return " or ".join(kinds)
    if "enum" in field or "const" in field:
        return ", ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    if field.get("type") == "array":
        return f"list of {_kind(field.get('items', {}), schema)}"
    if field.get("type") == "object":
        named = [*field.get("patternProperties", {}).values(), field.get("additionalProperties")]
        return f"names, each with {_kind(named[0] or {}, schema)}"
    return _scalar_kind(field)


def _scalar_kind(field: dict[str, Any]) -> str:
    if field.get("format") == "date":
        return "day"
    words = {"string": "text", "integer": "whole number", "boolean": "`true`, `false`"}
    kind = str(field.get("type", "anything"))
    return words.get(kind, kind) + _bounds(field)


def _bounds(field: dict[str, Any]) -> str:
    low, high = field.get("minimum"), field.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f" from {low}"
    return f" up to {high}" if high is not None else ""


def _default(field: dict[str, Any]) -> str:
    default = field.get("default")
    if default is None:
        return "none" if "default" in field else "empty"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, list):
        return ", ".join(f"`{value}`" for value in default) or "empty"
    return f"`{_cell(str(default))}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _references(part: Any) -> list[str]:
    """Return the names that a part of a schema refers to, in order; definitions apart."""
    if isinstance(part, list):
        return [name for item in part for name in _references(item)]
    if not isinstance(part, dict):
        return []
    found = [part["$ref"].rsplit("/", 1)[1]] if isinstance(part.get("$ref"), str) else []
    for key, value in part.items():
        if key != "$defs":
            found += _references(value)
    return found


if __name__ == "__main__":
    PAGE.write_text(reference(find_house(Path.cwd())), encoding="utf-8")
