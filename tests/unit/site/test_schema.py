import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from ringfence.site import House, find_house
from ringfence.site.loader import parse
from ringfence.site.sampling import SAMPLE
from ringfence.site.schema import schemas, write_schemas

CHECKOUT = Path(__file__).parents[3]
FILES = ("hosts", "policy", "waivers", "lab")
SITES = {SAMPLE: FILES[:3], CHECKOUT / "inventories" / "lab": FILES}
Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def shipped() -> dict[str, dict[str, Any]]:
    return {name: json.loads((CHECKOUT / "schemas" / f"{name}.json").read_text()) for name in FILES}


def data(name: str) -> dict[str, Any]:
    return parse((SAMPLE / f"{name}.yml").read_bytes(), name).data


def test_the_shipped_schemas_are_current(tmp_path: Path) -> None:
    """When this fails: make docs"""
    for path in write_schemas(tmp_path, find_house(CHECKOUT)):
        assert path.read_text() == (CHECKOUT / "schemas" / path.name).read_text()


@pytest.mark.parametrize("name", FILES)
def test_the_schemas_are_schemas(name: str, shipped: dict[str, dict[str, Any]]) -> None:
    jsonschema_rs.meta.validate(shipped[name])


@pytest.mark.parametrize(
    ("site", "name"), [(s, name) for s, names in SITES.items() for name in names]
)
def test_the_sites_are_valid(name: str, site: Path, shipped: dict[str, dict[str, Any]]) -> None:
    content = parse((site / f"{name}.yml").read_bytes(), name).data
    jsonschema_rs.validator_for(shipped[name]).validate(content)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("hosts", lambda d: d.update(nme="x")),
        ("hosts", lambda d: d.pop("name")),
        ("hosts", lambda d: d["hosts"]["pbx1"].update(classification="hihg")),
        ("hosts", lambda d: d["hosts"]["pbx1"].update(groups=[])),
        ("hosts", lambda d: d["hosts"].update(PBX={})),
        ("policy", lambda d: d["flows"][0].update(port=True)),
        ("policy", lambda d: d["flows"][0].pop("from")),
        ("policy", lambda d: d["deploy_access"].clear()),
        ("waivers", lambda d: d.update(waivers=[{"control": "SSH-01"}])),
    ],
)
def test_an_editor_is_told_what_is_wrong(
    name: str, change: Change, shipped: dict[str, dict[str, Any]]
) -> None:
    content = data(name)
    change(content)
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validator_for(shipped[name]).validate(content)


def test_every_role_with_settings_has_its_section(house: House) -> None:
    policy = schemas(house)["policy"]
    assert policy["properties"]["toy"]["$ref"] == "#/$defs/ToySettings"
    assert policy["$defs"]["ToySettings"]["properties"]["level"]["description"] == "How much."


def test_every_key_has_a_description(shipped: dict[str, dict[str, Any]]) -> None:
    for name, schema in shipped.items():
        for part in (schema, *schema["$defs"].values()):
            for key, field in part.get("properties", {}).items():
                named = schema["$defs"].get(field.get("$ref", "").rsplit("/", 1)[-1], {})
                assert field.get("description") or named.get("description"), f"{name}: {key}"
