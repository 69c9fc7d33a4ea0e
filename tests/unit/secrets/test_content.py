import copy
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from ringfence.errors import UsageError
from ringfence.secrets.content import SAMPLE, parse

CANARY = "c4n4ry-9f1e07b2"


def secrets():
    return parse(f"sip_password: '{CANARY}'\napi.key: |\n  one\n  two\n".encode(), "s.yml")


def test_values_are_texts_of_one_or_several_lines():
    found = secrets()
    assert list(found) == ["sip_password", "api.key"]
    assert found["sip_password"].get_secret_value() == CANARY
    assert found["api.key"].get_secret_value() == "one\ntwo\n"


def test_the_sample_holds_no_secret():
    assert len(parse(SAMPLE, "s.yml")) == 0


class Model(BaseModel):
    password: SecretStr


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        lambda found: repr(dict(found)),
        lambda found: str(found["sip_password"]),
        lambda found: f"{found['sip_password']} {found['sip_password']!r}",
        lambda found: json.dumps(dict(found), default=str),
        lambda found: repr(Model(password=found["sip_password"])),
        lambda found: repr(Model(password=found["sip_password"]).model_dump()),
        lambda found: Model(password=found["sip_password"]).model_dump_json(),
        lambda found: repr(copy.deepcopy(found)),
        lambda found: repr(vars(found)),
    ],
)
def test_no_representation_shows_a_value(show):
    assert CANARY not in show(secrets())


def test_a_log_shows_no_value(caplog):
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").debug("%s %r", secrets(), secrets()["sip_password"])
    assert CANARY not in caplog.text


def test_an_unknown_name_is_told_with_the_nearest():
    with pytest.raises(UsageError, match="no secret 'sip_pasword'; did you mean 'sip_password'"):
        secrets()["sip_pasword"]


@pytest.mark.parametrize(
    "text",
    [
        f"{CANARY}",
        f"- {CANARY}",
        f"sip_password: *{CANARY}",
        f"sip_password: &{CANARY} x",
        f"sip_password: !{CANARY} x",
        f"sip_password: '{CANARY}",
        f'sip_password: "{CANARY}\\q"',
        f"sip_password: [{CANARY}]",
        f"sip_password: {{a: {CANARY}}}",
        f"sip_password:\t{CANARY}",
        f"Sip {CANARY}: x",
        f"{CANARY}: x\n{CANARY}: y",
        f"a: x\n {CANARY}\n: b",
        f"%{CANARY}",
        f"? {CANARY}",
        f"a: @{CANARY}",
        f"a: {CANARY}: b",
        f"--- {CANARY}\n--- {CANARY}",
    ],
)
def test_a_fault_is_told_by_its_place_and_never_repeats_the_content(text):
    with pytest.raises(UsageError) as raised:
        parse(text.encode(), "s.yml")
    assert CANARY not in str(raised.value)
    assert "s.yml:" in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("value", ["1234", "true", "null", "''", "1.5"])
def test_a_value_that_is_no_text_is_refused(value):
    with pytest.raises(UsageError, match=r"s.yml:1:6: (must be text|is empty)"):
        parse(f"pin: {value}\n".encode(), "s.yml")


@given(st.binary(max_size=200))
def test_any_bytes_are_secrets_or_a_clear_fault(content):
    try:
        told = repr(parse(content, "s.yml"))
    except UsageError as error:
        told = str(error)
    assert "s.yml" in told
