import pytest

from ringfence.errors import UsageError
from ringfence.secrets import content, second_factors
from ringfence.secrets.second_factors import Enrolment, with_enrolment

SOURCE = "secrets.yml.age"
OTHERS = b"""\
# kept
sip_password: 'c4n4ry'

bank_key: |
  first

  second
"""


def parsed(plain):
    return content.parse(plain, SOURCE)


def test_an_enrolment_is_new_and_reads_as_it_was_written():
    one, two = Enrolment.new(), Enrolment.new()
    assert one != two
    assert len(set(one.recovery_codes)) == second_factors.RECOVERY_CODES
    assert all(len(code) == 8 and code[0] != "0" for code in one.recovery_codes)
    assert second_factors.of(parsed(with_enrolment(b"", "ana", one, SOURCE)), "ana") == one


def test_nothing_that_shows_an_enrolment_shows_its_secrets():
    one = Enrolment.new()
    assert repr(one) == "Enrolment()"


@pytest.mark.parametrize("before", [b"", content.SAMPLE, OTHERS, OTHERS.rstrip(b"\n")])
def test_the_other_secrets_stay_as_they_are(before):
    one = Enrolment.new()
    after = with_enrolment(before, "ana", one, SOURCE)
    assert before in after
    assert second_factors.enrolled(parsed(after)) == ["ana"]


def test_a_second_factor_is_replaced_wherever_it_stands():
    first, second, bruno = Enrolment.new(), Enrolment.new(), Enrolment.new()
    plain = with_enrolment(with_enrolment(b"", "ana", first, SOURCE), "bruno", bruno, SOURCE)
    plain = with_enrolment(plain + OTHERS, "ana", second, SOURCE)
    known = parsed(plain)
    assert second_factors.of(known, "ana") == second
    assert second_factors.of(known, "bruno") == bruno
    assert OTHERS in plain
    assert first.key.encode() not in plain


def test_names_that_begin_alike_are_two_people():
    plain = with_enrolment(b"", "ana", Enrolment.new(), SOURCE)
    plain = with_enrolment(plain, "ana-maria", Enrolment.new(), SOURCE)
    plain = with_enrolment(plain, "ana", Enrolment.new(), SOURCE)
    assert sorted(second_factors.enrolled(parsed(plain))) == ["ana", "ana-maria"]


@pytest.mark.parametrize(
    "value", ["short", "A" * 32 + " 1234567", "A" * 32 + " 01234567", "a" * 32]
)
def test_what_was_changed_by_hand_is_refused_and_not_repeated(value):
    with pytest.raises(UsageError, match="people enrol SITE ana --again") as refused:
        second_factors.of(parsed(f"totp.ana: '{value}'\n".encode()), "ana")
    assert value not in str(refused.value)
