import pytest

from ringfence.site.characters import invisible, smuggled


@pytest.mark.parametrize("character", ["\t", "\0", "\x1b", "\x85", "\u2028", "\u202e", "\ufeff"])
def test_a_character_that_editors_do_not_show_is_found_with_its_index(character: str) -> None:
    found = invisible(f"ab{character}c")
    assert found is not None
    assert found[0] == 2


@pytest.mark.parametrize("text", ["plain", "línea ñ 中文 🙂", "a\nb", "a\r\nb", ""])
def test_what_is_seen_passes(text: str) -> None:
    assert invisible(text) is None


def test_a_lone_carriage_return_is_found() -> None:
    assert invisible("a\rb") is not None


def test_escapes_may_hold_tabs_and_line_ends_but_nothing_else() -> None:
    assert smuggled("a\tb\rc\n") is None
    assert smuggled("a\0") == "a NUL byte, which nobody can see; remove it"
    assert "U+202E" in (smuggled("a\u202e") or "")
    assert "U+D800" in (smuggled("a\ud800") or "")
