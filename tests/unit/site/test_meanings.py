from pydantic import create_model

from ringfence.site.meanings import meanings
from ringfence.site.section import Section


class Parent(Section):
    """A parent."""

    kept: int = 1
    """Kept as it is."""
    replaced: int = 1
    """Of the parent."""
    emptied: int = 1
    """Of the parent alone."""


class Child(Parent):
    """A child."""

    replaced: int = 2
    """Of
    the child."""
    emptied: int = 2

    def method(self) -> None:
        """No text of a field's."""

    last: int = 3


def test_the_text_below_a_field_is_its_own_or_inherited() -> None:
    assert meanings(Child) == {"kept": "Kept as it is.", "replaced": "Of\nthe child."}


def test_a_model_made_of_others_has_what_they_say() -> None:
    made = create_model("Made", __base__=Parent, added=(int, 4))
    assert meanings(made) == meanings(Parent)


def test_a_model_in_a_function_has_its_texts_too() -> None:
    class Inner(Section):
        """An inner one."""

        number: int = 1
        """A number."""

    assert meanings(Inner) == {"number": "A number."}
    assert "description" in Inner.model_json_schema()["properties"]["number"]
