import pytest

from ringfence.report.text import one_line, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain — Añádelo 漢字 🙂", "plain — Añádelo 漢字 🙂"),
        ("line\n\ttab", "line\n\ttab"),
        ("\x1b[31mred\x07\r", "\\x1b[31mred\\x07\\x0d"),
        ("\x00\x7f\x85", "\\x00\\x7f\\u0085"),
        ("exe\u202etxt\u2066\u200b\ufeff", "exe\\u202etxt\\u2066\\u200b\\ufeff"),
        ("a\udce9", "a\\xe9"),
        ("\ud800\ufffe", "\\ud800\\ufffe"),
        ("\U0001fffe\U000e0041", "\\U0001fffe\\U000e0041"),
    ],
)
def test_visible_writes_out_what_cannot_be_seen(text, shown):
    assert visible(text) == shown


def test_visible_text_can_be_written_as_utf_8():
    everything = "".join(map(chr, range(0x110000)))

    visible(everything).encode("utf-8")


def test_one_line_folds_white_space():
    assert one_line(" a\n\tb\x1b ") == "a b\\x1b"
