from collections.abc import Callable
from typing import Any

import pytest

from ringfence.site.document import Place
from ringfence.site.events import DEEPEST
from ringfence.site.loader import parse

YamlProblems = Callable[[bytes], list[str]]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True),
        ("False", False),
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("12", 12),
        ("-3", -3),
        ("0", 0),
        ("012", "012"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("1.5", 1.5),
        ("1e3", "1e3"),
        (".inf", ".inf"),
        ("9" * 40, "9" * 40),
        ("2027-06-30", "2027-06-30"),
        ("~", None),
        ("", None),
        ("null", None),
        ("'true'", "true"),
        ('"12"', "12"),
        ("=", "="),
    ],
)
def test_scalars_mean_what_they_look_like(written: str, value: Any) -> None:
    document = parse(f"key: {written}\n".encode(), "f")
    assert document.problems == []
    assert document.data == {"key": value}
    assert type(document.data["key"]) is type(value)


def test_every_key_and_value_has_its_place() -> None:
    document = parse(b"a: 1\nb:\n  - x\n  - c: 2\n", "f")
    assert document.places[("a",)] == Place(1, 4, 1, 1)
    assert document.places[("b", 0)] == Place(3, 5, 3, 5)
    assert document.places[("b", 1, "c")] == Place(4, 8, 4, 5)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a: 1\na: 2\n", "f:2:1: the key 'a' is in line 1 already; keep one of them"),
        (b"a: {b: 1, b: 2}\n", "f:1:11: a: the key 'b' is in line 1 already; keep one of them"),
        (b"a: &x 1\n", "f:1:4: an anchor (&x); write the value where it is used"),
        (b"a: *x\n", "f:1:4: an alias (*x); write the value out"),
        (b"*x : 1\n", "f:1:1: an alias (*x); write the value out"),
        (b"a:\n  <<: {b: 1}\n", "f:2:3: a: a merge key (<<); write the values out"),
        (b"? [a]\n: 1\n", "f:1:3: a key must be text, not a mapping or a list"),
        (b"? {a: [1, {b: c}]}\n: {d: e}\n", "f:1:3: a key must be text, not a mapping or a list"),
        (b"1: a\n", "f:1:1: the key '1' is no text to YAML; put it in quotes"),
        (b"true: a\n", "f:1:1: the key 'true' is no text to YAML; put it in quotes"),
        (b"a: !x 1\n", "f:1:4: a tag ('!x'); remove it"),
        (b"a: !!str 1\n", "f:1:4: a tag ('tag:yaml.org,2002:str'); remove it"),
        (b"%YAML 1.1\n---\na: 1\n", "f:1:1: a directive (%); remove it"),
        (b"a: 1\n---\nb: 1\n", "f:2:1: a second document; a site's file is one, so remove the ---"),
        (b"[1]\n", "f:1:1: the file must hold a mapping (key: value), not a list"),
        (b"word\n", "f:1:1: the file must hold a mapping (key: value), not 'word'"),
        (b'a: "\\0"\n', "f:1:4: a NUL byte, which nobody can see; remove it"),
        (b'"\\0": a\n', "f:1:1: a NUL byte, which nobody can see; remove it"),
    ],
)
def test_what_is_not_plain_is_refused_with_one_sentence(
    content: bytes, expected: str, yaml_problems: YamlProblems
) -> None:
    assert yaml_problems(content) == [expected]


def test_all_that_is_not_plain_is_told_at_once(yaml_problems: YamlProblems) -> None:
    assert len(yaml_problems(b"a: &x 1\nb: *x\na: 2\n3: c\n")) == 4


@pytest.mark.parametrize("content", [b"a: b: c", b"a: [", b"a: '", b"a: @b", b"- a\nb: c", b"a: %"])
def test_broken_yaml_is_refused_with_its_place(content: bytes, yaml_problems: YamlProblems) -> None:
    assert any("not YAML: " in line for line in yaml_problems(content))


@pytest.mark.parametrize("opening", [b"[", b"{a: ", b"- ", b"? "])
def test_depth_is_refused_without_recursion(opening: bytes, yaml_problems: YamlProblems) -> None:
    found = yaml_problems(b"a:\n  " + opening * 20000)
    assert f"nested deeper than {DEEPEST} levels" in found[-1]


def test_the_deepest_that_is_allowed_passes(yaml_problems: YamlProblems) -> None:
    levels = DEEPEST - 1
    assert yaml_problems(b"a: " + b"[" * levels + b"]" * levels) == []


def test_aliases_that_would_explode_are_refused_unexpanded(yaml_problems: YamlProblems) -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    assert len(yaml_problems("\n".join(lines).encode())) == 60 + 3 * 59


def test_an_empty_file_is_an_empty_mapping(yaml_problems: YamlProblems) -> None:
    for content in (b"", b"# nothing\n", b"---\n"):
        assert yaml_problems(content) == []
        assert parse(content, "f").data == {}
