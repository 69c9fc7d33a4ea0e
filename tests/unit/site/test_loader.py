from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.site.loader import LARGEST_FILE, Document, parse, read_document

YamlProblems = Callable[[bytes], list[str]]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"ab: \xe9\n", "f:1:5: byte 4 (0xe9) is not UTF-8; save the file as UTF-8"),
        (b"a: 1\nb: \xc3", "f:2:4: byte 8 (0xc3) is not UTF-8; save the file as UTF-8"),
        (b"\xff\xfea\x00", "f:1:1: the file is UTF-16; save it as UTF-8"),
        (b"a:\tb\n", "f:1:3: a tab; use spaces (inside double quotes, \\t)"),
        (b"a:\n\tb: 1\n", "f:2:1: a tab; use spaces (inside double quotes, \\t)"),
        (b"a: b\x00\n", "f:1:5: a NUL byte, which nobody can see; remove it"),
        (b"a: b\rc: d", "f:1:5: a carriage return without a line feed; end lines with a line feed"),
        ("a: \u202eb".encode(), "f:1:4: the character U+202E, which nobody can see; remove it"),
    ],
)
def test_bytes_that_nobody_sees_are_refused_with_their_place(
    content: bytes, expected: str, yaml_problems: YamlProblems
) -> None:
    assert yaml_problems(content) == [expected]


def test_a_byte_order_mark_and_windows_line_ends_are_read() -> None:
    document = parse(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "f")
    assert document.problems == []
    assert document.data == {"a": 1, "b": 2}
    assert document.places[("b",)].line == 2


def test_a_file_over_a_mebibyte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"#" * (LARGEST_FILE + 1))
    assert "larger than 1 MiB" in str(read_document(path).problems[0])
    path.write_bytes(b"#" * LARGEST_FILE)
    assert read_document(path).problems == []


def test_a_missing_file_a_folder_and_a_loop_are_problems(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name, sentence in {
        "missing": "the file is missing",
        ".": "the file can't be read: Is a directory",
        "loop": "the file can't be read: Too many levels of symbolic links",
    }.items():
        problem = read_document(tmp_path / name, "f").problems[0]
        assert str(problem).startswith(f"f:1:1: {sentence}")


def judge(document: Document) -> None:
    for problem in document.problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert "\n" not in str(problem)
        str(problem).encode("utf-8")


@given(st.binary(max_size=400))
def test_any_bytes_give_a_document(content: bytes) -> None:
    judge(parse(content, "f"))


PIECES = """a b : - [ ] { } ? &a *a !x !!int <<: ' " | > # --- ... %YAML true 012 1:30 ~ é 🙂 @ `"""
YAML_PIECES = st.sampled_from(
    [*PIECES.split(), ": ", "- ", ", ", "? ", "\n", "\n  ", "\n    ", "\r\n", " ", "\\u0000"]
)


@given(st.lists(YAML_PIECES, max_size=60).map("".join))
def test_any_yaml_gives_a_document(text: str) -> None:
    judge(parse(text.encode(), "f"))


@given(st.lists(YAML_PIECES, max_size=60).map("".join))
def test_the_places_are_those_of_the_data(text: str) -> None:
    document = parse(text.encode(), "f")
    if not document.problems:
        for path in document.places:
            assert document.value(path) != ""
