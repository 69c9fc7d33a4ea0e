import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from ringfence.secrets import totp

RFC_KEY = base64.b32encode(b"12345678901234567890").decode()
RFC_CODES = {  # RFC 6238, appendix B: SHA-1, the last six of eight digits
    59: "287082",
    1_111_111_109: "081804",
    1_111_111_111: "050471",
    1_234_567_890: "005924",
    2_000_000_000: "279037",
    20_000_000_000: "353130",
}


@pytest.mark.parametrize(("moment", "code"), RFC_CODES.items())
def test_codes_are_those_of_the_rfc(moment, code):
    assert totp.code(RFC_KEY, moment) == code


def test_a_code_is_taken_for_a_step_before_and_after():
    moment = 1_111_111_111
    taken = [
        totp.accepts(RFC_KEY, totp.code(RFC_KEY, moment + 30 * n), moment) for n in range(-2, 3)
    ]
    assert taken == [False, True, True, True, False]


@pytest.mark.parametrize("given", ["", "28708", "2870820", "x" * 6])
def test_what_is_no_code_is_refused(given):
    assert not totp.accepts(RFC_KEY, given, 59)


def test_keys_are_long_enough_and_new():
    keys = {totp.new_key() for _ in range(50)}
    assert len(keys) == 50
    assert {len(base64.b32decode(key)) for key in keys} == {20}


def test_the_link_names_site_and_person():
    link = urlsplit(totp.uri(RFC_KEY, "ana", "center 1"))
    assert (link.scheme, link.netloc, link.path) == ("otpauth", "totp", "/center%201:ana")
    assert parse_qs(link.query) == {"secret": [RFC_KEY], "issuer": ["center 1"]}
