from ringfence.site.document import Document, Place

PLACE = Place(4, 12, 4, 3)


def document() -> Document:
    return Document("f", {"a": {"b": ["x"]}}, {("a",): PLACE})


def test_a_missing_place_is_that_of_what_stands_around_it() -> None:
    assert document().place(("a", "b", 0)) == PLACE
    assert document().place(("c",)) == Place(1, 1, 1, 1)


def test_a_problem_points_to_the_value_or_to_its_key() -> None:
    assert document().problem(("a",), "m").column == 12
    assert document().problem(("a",), "m", key=True).column == 3


def test_a_value_is_shown_and_empty_where_nothing_stands() -> None:
    assert document().value(("a", "b", 0)) == "'x'"
    assert document().value(("a", "b", 7)) == ""
    assert document().value(("a", "b", 0, "c")) == ""
