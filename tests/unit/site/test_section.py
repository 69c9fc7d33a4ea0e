from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from ringfence.site.section import (
    Address,
    Classification,
    Date,
    Line,
    LoginName,
    Network,
    Ports,
    Section,
    Text,
    resolve_file,
)


class Small(Section):
    """A section."""

    number: int = 1
    """A number."""
    day: Date | None = None
    """A day."""


def given(kind: object, json: str) -> object:
    adapter: TypeAdapter[object] = TypeAdapter(kind)
    return adapter.validate_json(json, strict=True)


def refused(kind: object, json: str) -> str:
    with pytest.raises(ValidationError) as error:
        given(kind, json)
    return error.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    "json", ['{"number": "1"}', '{"number": 1.0}', '{"number": true}', '{"x": 1}']
)
def test_a_section_converts_nothing_and_knows_its_keys(json: str) -> None:
    with pytest.raises(ValidationError):
        Small.model_validate_json(json)


def test_a_section_is_frozen_and_its_keys_are_described() -> None:
    with pytest.raises(ValidationError):
        Small().number = 2  # type: ignore[misc]
    properties = Small.model_json_schema()["properties"]
    assert properties["number"]["description"] == "A number."


def test_classifications_are_in_order() -> None:
    basic, medium, high = Classification
    assert basic < medium < high
    assert high > basic
    assert medium >= medium
    assert high >= "medium"
    assert not high <= medium
    assert max([medium, high, basic]) is high


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("Host.Example", "host.example"),
        ("pbx1", "pbx1"),
    ],
)
def test_addresses_get_their_canonical_form(text: str, canonical: str) -> None:
    assert given(Address, f'"{text}"') == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10.0.0",
        "10.0.0.256",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "a b",
        "-a",
        "a..b",
        "a_b",
        "x" * 300,
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert refused(Address, f'"{text}"')


def test_networks_have_no_bits_outside_their_prefix() -> None:
    assert given(Network, '"10.0.0.0/24"') == "10.0.0.0/24"
    assert given(Network, '"10.0.0.1"') == "10.0.0.1/32"
    assert given(Network, '"2001:db8::1"') == "2001:db8::1/128"
    assert "the network is 10.0.0.0/24" in refused(Network, '"10.0.0.1/24"')
    assert "neither" in refused(Network, '"pbx1"')


@pytest.mark.parametrize(
    ("json", "ports"), [("22", "22"), ('"22"', "22"), ('"10-20"', "10-20"), ('"7-7"', "7")]
)
def test_ports_are_one_or_a_range(json: str, ports: str) -> None:
    assert given(Ports, json) == ports


@pytest.mark.parametrize(
    "json", ["0", "65536", '"20-10"', '"a"', "true", "1.5", "null", "[1]", '"1-2-3"', '"٣"']
)
def test_what_is_no_port_is_refused(json: str) -> None:
    assert "must" in refused(Ports, json)


def test_a_line_is_one_line_and_a_text_is_not_empty() -> None:
    assert given(Line, '" x "') == "x"
    assert given(Text, '"a\\nb"') == "a\nb"
    assert "one line" in refused(Line, '"a\\nb"')
    assert "must not be empty" in refused(Text, '"  "')


@pytest.mark.parametrize("name", ["Ana", "1a", "", "a b", "a" * 33, "a\\n", "-a", "añ"])
def test_login_names_are_those_of_debian(name: str) -> None:
    assert refused(LoginName, f'"{name}"')


def test_a_file_is_relative_to_the_site_or_to_the_home_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/home/ana")
    assert resolve_file(Path("/s"), "x/y") == Path("/s/x/y")
    assert resolve_file(Path("/s"), "/x") == Path("/x")
    assert resolve_file(Path("/s"), "~/x") == Path("/home/ana/x")
    assert resolve_file(Path("/s"), "~nobody-here/x") == Path("/s/~nobody-here/x")
