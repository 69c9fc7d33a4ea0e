from datetime import datetime

import pytest

from ringfence.verify.probes.authorized_keys import is_from_within, parse

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOxIRUt5X5QNgLvaIV3i/so2eaGFhZydiCwVCdl7fPyv"
PRINT = "SHA256:"


def one(text):
    (line,) = parse(text)
    return line


def test_comments_and_empty_lines_grant_nothing():
    assert not list(parse("# a comment\n\n   \n  # another\n"))


def test_a_bare_key_has_no_options():
    line = one(f"\n{KEY} ana@example\n")
    assert (line.number, line.options, line.expires, line.sources) == (2, {}, None, None)
    assert line.fingerprint.startswith(PRINT)
    assert "=" not in line.fingerprint


def test_options_are_read_with_their_quotes():
    line = one(rf'restrict,FROM="10.0.0.0/8,!10.9.9.9",command="say \"a, b\" now" {KEY} ana')
    assert line.options == {
        "restrict": [""],
        "from": ["10.0.0.0/8,!10.9.9.9"],
        "command": ['say "a, b" now'],
    }
    assert line.sources == ["10.0.0.0/8", "!10.9.9.9"]
    assert line.fingerprint.startswith(PRINT)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("20270630", datetime(2027, 6, 30)),
        ("202706301530", datetime(2027, 6, 30, 15, 30)),
        ("20270630153059Z", datetime(2027, 6, 30, 15, 30, 59)),
    ],
)
def test_an_expiry_is_a_moment(text, moment):
    assert one(f'expiry-time="{text}" {KEY}').expires == moment


def test_the_earliest_of_several_expiries_counts():
    line = one(f'expiry-time="20300101",expiry-time="20270101" {KEY}')
    assert line.expires == datetime(2027, 1, 1)


@pytest.mark.parametrize("text", ["tomorrow", "2027", "20271399"])
def test_an_expiry_that_is_none_is_refused(text):
    with pytest.raises(ValueError):
        _ = one(f'expiry-time="{text}" {KEY}').expires


@pytest.mark.parametrize(
    "text",
    [
        "ssh-ed25519",
        "ssh-ed25519 not*base64 ana",
        "no-such-thing at all",
        f'from="unclosed {KEY}',
        f"a=b {KEY}",
        "caf\\xe9 \\xff",
    ],
)
def test_a_line_that_cannot_be_read_is_a_key_nobody_knows(text):
    assert not one(text).fingerprint.startswith(PRINT)


@pytest.mark.parametrize(
    ("pattern", "within"),
    [
        ("10.0.0.1", True),
        ("10.0.0.0/24", True),
        ("10.0.0.0/8", True),
        ("0.0.0.0/0", False),
        ("10.*", False),
        ("*", False),
        ("!10.0.0.1", True),
        ("::1", False),
        ("bastion.example", False),
    ],
)
def test_a_source_must_lie_within_the_registered_networks(pattern, within):
    assert is_from_within(pattern, ["10.0.0.0/8", "192.0.2.1/32"]) is within
