import pytest
from bench import table


def test_an_aim_is_met_or_not():
    assert table.times("x", [10.0, 12.0, 11.0], [2.0, 2.0, 2.0], 5).met
    assert not table.times("x", [9.0], [2.0], 5).met
    assert table.at_most("x", 1.0, 1.0, "{:.0f}").met
    assert "**no**" in table.aims([table.at_most("x", 3.0, 2.0, "{:.0f}")])


def test_a_part_of_the_page_is_replaced_and_the_rest_kept(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- x: written by make bench -->\nold\n<!-- end of x -->\nb\n")
    for _ in range(2):
        table.put("x", "new\n", page)
        assert page.read_text() == (
            "a\n<!-- x: written by make bench -->\n\nnew\n\n<!-- end of x -->\nb\n"
        )


def test_a_page_without_a_place_for_a_part_is_refused(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("nothing")
    with pytest.raises(ValueError, match="no place for x"):
        table.put("x", "new", page)
