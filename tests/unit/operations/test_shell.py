import pytest
from pyinfra.api.exceptions import OperationValueError

from ringfence.operations.shell import SCRIPTS, absolute, library, named, octal, plain


@pytest.mark.parametrize("value", ["", "-rf", "--", "a\nb", "a\x00b", "a\x1bb", None, 5])
def test_what_no_command_may_be_given_is_refused(value: str) -> None:
    with pytest.raises(OperationValueError, match="the thing"):
        plain(value, "the thing")


@pytest.mark.parametrize("path", ["a", "/", "//a", "/a/", "/a//b", "/a/../b", "/a/./b", "-/a"])
def test_paths_name_one_place(path: str) -> None:
    with pytest.raises(OperationValueError, match="path"):
        absolute(path)


@pytest.mark.parametrize("path", ["/a", "/a b", "/a/$(x)", "/a/.b", "/a/..b", "/ñ"])
def test_odd_but_honest_paths_pass(path: str) -> None:
    assert absolute(path) == path


@pytest.mark.parametrize("mode", ["644", "0999", "u+x", "07777", ""])
def test_modes_are_four_octal_digits(mode: str) -> None:
    with pytest.raises(OperationValueError, match="octal"):
        octal(mode)


@pytest.mark.parametrize("name", ["a b", "a/b", "../a", "a;b", "$a", "a,b", "a'"])
def test_names_have_the_characters_of_names(name: str) -> None:
    with pytest.raises(OperationValueError, match="the unit"):
        named(name, "the unit")


@pytest.mark.parametrize("name", ["www-data", "ssh@1.service", "libc6:amd64", "g++", "_apt"])
def test_real_names_pass(name: str) -> None:
    assert named(name, "the name") == name


def test_comments_are_not_sent_to_hosts() -> None:
    for script in SCRIPTS.glob("*.sh"):
        assert not [line for line in library(script.stem).splitlines() if line.startswith("#")]
