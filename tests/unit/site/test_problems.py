import pytest

from ringfence.site.problems import Problem, SiteError, dotted, nearest, shown


def problem(number: int = 1) -> Problem:
    return Problem("hosts.yml", number, 7, "hosts.pbx1", "'x'", "is wrong")


def test_a_problem_reads_as_place_key_and_sentence() -> None:
    assert str(problem(12)) == "hosts.yml:12:7: hosts.pbx1: is wrong"
    assert str(Problem("f", 1, 1, "", "", "is wrong")) == "f:1:1: is wrong"


def test_the_error_has_one_line_a_problem_and_stops_at_a_hundred() -> None:
    assert str(SiteError([problem(1), problem(2)])).count("\n") == 1
    lines = str(SiteError([problem(n) for n in range(1, 151)])).splitlines()
    assert len(lines) == 101
    assert lines[-1] == "… and 50 problems more"


def test_dotted_writes_keys_and_indexes() -> None:
    assert dotted(("hosts", "pbx1", "groups", 0)) == "hosts.pbx1.groups[0]"
    assert dotted(("a b", 1)) == "'a b'[1]"
    assert dotted(()) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "'x'"),
        (True, "true"),
        (None, "nothing"),
        (3, "3"),
        ({}, "a mapping"),
        ([], "a list"),
        ("a\u202eb", "'a\\u202eb'"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "(not shown)"),
        ("AGE-SECRET-KEY-1QQQ", "(not shown)"),
    ],
)
def test_values_are_shown_in_short_and_never_a_secret(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_long_value_is_shortened() -> None:
    assert len(shown("x" * 500)) < 70


def test_the_value_of_a_secret_key_is_not_shown() -> None:
    assert shown("hunter2", ("trunk", "password")) == "(not shown)"


def test_the_nearest_name_is_suggested_only_when_it_is_near() -> None:
    assert nearest("pbxx", ["pbx", "database"]) == "; did you mean 'pbx'?"
    assert nearest("zzz", ["pbx"]) == ""
