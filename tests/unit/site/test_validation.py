from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field, field_validator

from ringfence.site.loader import parse
from ringfence.site.section import Classification, Date, GroupName, Port, Section
from ringfence.site.validation import MOST_TOLD, read_model, validate


class Inner(Section):
    """A part."""

    port: Port = 22
    kind: Literal["a", "b"] = "a"
    names: list[str] = Field(default_factory=list)


class Outer(Section):
    """A file."""

    inner: Inner = Inner()
    more: list[Inner] = Field(default_factory=list, max_length=2)
    by_name: dict[GroupName, Inner] = Field(default_factory=dict)
    level: Classification = Classification.BASIC
    day: Date | None = None
    text: str = Field(default="x", max_length=5)
    share: float = 0.5
    flag: bool = False
    password: str = "x"

    @field_validator("flag")
    @classmethod
    def _never_set(cls, value: bool) -> bool:
        if value:
            raise ValueError("must not\nbe set")
        return value


def found(text: str) -> list[str]:
    _, problems = validate(Outer, parse(text.encode(), "f"))
    return [str(problem) for problem in problems]


def test_a_sound_document_is_a_model() -> None:
    text = "inner: {port: 1}\nlevel: high\nday: 2027-01-02\nshare: 1\nby_name: {a: {kind: b}}\n"
    model, problems = validate(Outer, parse(text.encode(), "f"))
    assert problems == []
    assert model is not None
    assert (model.inner.port, model.level) == (1, Classification.HIGH)
    assert model.by_name["a"].kind == "b"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "inner: {prot: 1}",
            "f:1:9: inner.prot: there is no key 'prot' here; did you mean 'port'?",
        ),
        ("x: 1", "f:1:1: x: there is no key 'x' here; the keys here are inner, more, by_name, "),
        (
            "more: [{prt: 1}]",
            "f:1:9: more[0].prt: there is no key 'prt' here; did you mean 'port'?",
        ),
        ("by_name: {a: {prt: 1}}", "f:1:15: by_name.a.prt: there is no key 'prt' here; did you"),
        ("by_name: {A: {}}", "f:1:11: by_name.A: 'A' must be a name of lower-case letters"),
        ("inner: {port: x}", "f:1:15: inner.port: 'x' must be a whole number"),
        ("inner: {port: 0}", "f:1:15: inner.port: 0 must be greater than or equal to 1"),
        ("inner: {kind: c}", "f:1:15: inner.kind: 'c' is not one of a, b"),
        ("inner: {names: [1]}", "f:1:17: inner.names[0]: 1 must be text; put it in quotes"),
        ("inner: {names: [{}]}", "f:1:17: inner.names[0]: must be text, not a mapping"),
        ("inner: {names: }", "f:1:9: inner.names: there is no value: it must be a list"),
        ("inner: [1]", "f:1:8: inner: must be a mapping (key: value), not a list"),
        ("inner: 1", "f:1:8: inner: 1 must be a mapping (key: value)"),
        ("more: [{}, {}, {}]", "f:1:7: more: must have at most 2 items after validation, not 3"),
        ("level: hihg", "f:1:8: level: 'hihg' is not one of basic, medium, high; did you mean"),
        ("day: 2027-02-30", "f:1:6: day: '2027-02-30' must be a day such as 2027-06-30"),
        ("day: 20270230", "f:1:6: day: 20270230 must be a day such as 2027-06-30"),
        ("text: abcdefg", "f:1:7: text: 'abcdefg' must have at most 5 characters"),
        ("share: x", "f:1:8: share: 'x' must be a number"),
        ("flag: yes", "f:1:7: flag: 'yes' must be true or false"),
        ("flag: true", "f:1:7: flag: true must not be set"),
        ("password: 12345", "f:1:11: password: must be text; put it in quotes"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_its_place(text: str, expected: str) -> None:
    (only,) = found(text)
    assert only.startswith(expected)


def test_everything_wrong_is_told(tmp_path: Path) -> None:
    assert len(found("inner: {port: x, kind: c}\nflag: 3\nlevel: 3\nz: 1")) == 5


def test_a_document_that_is_no_yaml_is_not_judged_further() -> None:
    assert found("a: 1\na: 2\n") == ["f:2:1: the key 'a' is in line 1 already; keep one of them"]


def test_a_file_is_read_and_validated_under_its_name(tmp_path: Path) -> None:
    path = tmp_path / "f.yml"
    path.write_text("flag: 3\n")
    model, document, problems = read_model(Outer, path, "short")
    assert model is None
    assert document.data == {"flag": 3}
    assert str(problems[0]) == "short:1:7: flag: 3 must be true or false"
    assert read_model(Outer, tmp_path / "missing.yml")[2][0].line == 1


def test_a_file_in_which_everything_is_wrong_stops_at_a_thousand() -> None:
    assert len(found("".join(f"key{number}: 1\n" for number in range(3000)))) == MOST_TOLD
