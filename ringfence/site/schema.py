"""JSON Schemas of a site's files, made from the models, so that editors complete and check them.

`python -m ringfence.site.schema [DIR]` writes them, into `schemas` unless told otherwise.
"""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from ringfence.site.hosts import HostsFile
from ringfence.site.house import House, find_house
from ringfence.site.lab_file import LabFile
from ringfence.site.policy import compose
from ringfence.site.waivers import WaiversFile

DIALECT = GenerateJsonSchema.schema_dialect


def models(house: House) -> dict[str, type[BaseModel]]:
    """Return the model of each file of a site (`hosts`, `policy`, `waivers`, `lab`) in a house."""
    return {
        "hosts": HostsFile,
        "policy": compose(house),
        "waivers": WaiversFile,
        "lab": LabFile,
    }


def schemas(house: House) -> dict[str, dict[str, Any]]:
    """Return the JSON Schema (draft 2020-12) of each file; `policy` has the roles' sections."""
    found = {}
    for name, model in models(house).items():
        schema = model.model_json_schema(by_alias=True)
        schema["title"] = f"{name}.yml of a Ringfence site"
        _close_mappings(schema)
        found[name] = {"$schema": DIALECT, **_with_short_names(schema)}
    return found


def _close_mappings(part: Any) -> None:
    """Refuse the keys that match no pattern, as the models do; pydantic's schema lets them pass."""
    if isinstance(part, dict):
        if "patternProperties" in part:
            part.setdefault("additionalProperties", False)
        for value in part.values():
            _close_mappings(value)
    elif isinstance(part, list):
        for item in part:
            _close_mappings(item)


def _with_short_names(schema: dict[str, Any]) -> dict[str, Any]:
    """Call the settings of the role `ssh` `SshSettings`, whatever pydantic called them."""
    text = json.dumps(schema)
    for key, field in schema["properties"].items():
        name = field.get("$ref", "").rsplit("/", 1)[-1]
        if name.endswith("Settings"):
            short = f"{key.title().replace('_', '')}Settings"
            text = text.replace(f'"#/$defs/{name}"', f'"#/$defs/{short}"')
            text = text.replace(f'"{name}": {{', f'"{short}": {{')
    renamed: dict[str, Any] = json.loads(text)
    return renamed


def write_schemas(folder: Path, house: House) -> list[Path]:
    """Write `<file>.json` for each file of a site; return the paths. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, schema in schemas(house).items():
        path = folder / f"{name}.json"
        text = json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")
        written.append(path)
    return written


if __name__ == "__main__":
    write_schemas(Path(*sys.argv[1:2] or ["schemas"]), find_house(Path.cwd()))
