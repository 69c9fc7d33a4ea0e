from pathlib import Path

import pytest

from ringfence.site import House, find_house
from ringfence.site.reference import reference
from ringfence.site.schema import schemas

CHECKOUT = Path(__file__).parents[3]


def test_the_shipped_reference_is_current() -> None:
    """When this fails: make docs"""
    shipped = (CHECKOUT / "docs" / "reference" / "site-files.md").read_text()
    assert shipped == reference(find_house(CHECKOUT))


def test_every_key_of_every_file_is_in_it(house: House) -> None:
    text = reference(house)
    for schema in schemas(house).values():
        for part in (schema, *schema["$defs"].values()):
            for key in part.get("properties", {}):
                assert f"| `{key}` |" in text


@pytest.mark.parametrize(
    "line",
    [
        "| `level` | whole number | `3` | How much. |",
        "| `toy` | [ToySettings](#toysettings) | as there | What the toy does. |",
        "| `protocol` | `tcp`, `udp` | required | tcp or udp. |",
        "| `hosts` | names, each with [HostEntry](#hostentry) | required |",
        "| `pci` | `true`, `false` | `false` |",
        "| `flows` | list of [Flow](#flow) | empty |",
        "| `expires` | day | required |",
    ],
)
def test_a_key_has_its_kind_default_and_meaning(line: str, house: House) -> None:
    assert line in reference(house)
