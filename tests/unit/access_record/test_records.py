"""Raw audit records: fields, names in hexadecimal, and what is no record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.access_record.records import decoded, keys, number, parse

LINE = (
    'type=SYSCALL msg=audit(1772323200.123:4567): arch=c000003e syscall=257 success=no exit=-13 '
    'comm="cat" key="access-denied"{0}ARCH=x86_64 SYSCALL=openat AUID="ana"'
)  # fmt: skip


@pytest.mark.parametrize("separator", [" ", "\x1d"])
@pytest.mark.parametrize("node", ["", "node=recordings1 "])
def test_a_record_has_its_type_event_and_fields(node, separator):
    record = parse(node + LINE.format(separator))
    assert (record.type, record.event) == ("SYSCALL", "1772323200.123:4567")
    assert record.fields["exit"] == "-13"
    assert decoded(record.fields["AUID"]) == "ana"
    assert keys(record.fields) == ["access-denied"]


@pytest.mark.parametrize("text", ["", "Started session 4.", "type=SYSCALL", "type=EOE msg=audit(1"])
def test_other_messages_are_no_record(text):
    assert parse(text) is None


def test_of_two_fields_with_one_name_the_kernels_counts():
    record = parse('type=CWD msg=audit(1.000:1): cwd="/srv" cwd="/home"')
    assert decoded(record.fields["cwd"]) == "/srv"


def test_several_keys_of_a_rule():
    text = b"access-record\x01other".hex().upper()
    assert keys({"key": text}) == ["access-record", "other"]
    assert keys({}) == [""]


@given(st.binary(min_size=1).filter(lambda name: b"\0" not in name))
def test_any_name_of_a_file_is_read_back(name):
    text = decoded(name.hex().upper())
    assert text.encode("utf-8", "surrogateescape") == name


@pytest.mark.parametrize(("value", "text"), [(None, None), ("(null)", None), ('"a"', "a")])
def test_decoded(value, text):
    assert decoded(value) == text


def test_number():
    assert (number("a8", 16), number("x"), number(None)) == (168, None, None)
