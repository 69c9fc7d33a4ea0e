"""docs/reference/exit-codes.md, for everything that needs no host."""

import click
import pytest

import ringfence.cli
from ringfence.errors import MissingToolsError, ToolError, UsageError


@pytest.fixture
def failing(monkeypatch):
    def fail_with(error):
        @click.command()
        def command():
            raise error

        monkeypatch.setattr(ringfence.cli.Commands, "get_command", lambda *_: command)
        return ringfence.cli.run(["verify"])

    return fail_with


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("x"), 4),
        (ToolError("x"), 3),
        (MissingToolsError({"qemu-system-x86"}, "The lab"), 3),
        (PermissionError(13, "Permission denied", "/nowhere"), 3),
        (KeyboardInterrupt(), 130),
    ],
)
def test_a_failure_has_its_exit_code_and_one_sentence(failing, capsys, error, code):
    assert failing(error) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("ringfence: ") or code == 130
    assert "Traceback" not in said.err


class UnforeseenError(Exception):
    """What no module raises, nor catches."""

    def __repr__(self):
        return "value-of-a-variable"


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state/ringfence/errors"


def test_an_error_that_nobody_foresaw_is_3_and_its_traceback_is_kept_for_its_owner_alone(
    failing, capsys, state, monkeypatch
):
    monkeypatch.setattr("sys.argv", ["ringfence", "--token=argument-of-the-call"])
    assert failing(UnforeseenError("value-that-broke-it")) == 3
    said = capsys.readouterr()
    (kept,) = state.iterdir()
    assert said.out == ""
    assert said.err == (
        f"ringfence: an error that nobody foresaw (UnforeseenError): its traceback is in {kept}; "
        "report it to who maintains Ringfence, once you have taken out what others must not read\n"
    )
    assert kept.stat().st_mode & 0o777 == 0o600
    assert state.stat().st_mode & 0o777 == 0o700
    text = kept.read_text()
    assert text.startswith(f"ringfence {ringfence.__version__}, Python ")
    assert "Traceback (most recent call last):" in text
    assert text.endswith("UnforeseenError: value-that-broke-it\n")
    assert "argument-of-the-call" not in text
    assert "value-of-a-variable" not in text


def test_each_error_that_nobody_foresaw_has_a_file(failing, state):
    for error in (KeyError("a"), AssertionError(), ExceptionGroup("x", [ValueError(1)])):
        assert failing(error) == 3
    assert len(list(state.iterdir())) == 3


def test_a_state_folder_that_is_relative_counts_for_nothing(failing, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert failing(UnforeseenError()) == 3
    assert len(list(tmp_path.glob(".local/state/ringfence/errors/*.txt"))) == 1
    assert not (tmp_path / "state").exists()


def test_where_no_file_can_be_written_the_error_is_3_in_one_sentence_still(
    failing, capsys, tmp_path, monkeypatch
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert failing(UnforeseenError("x")) == 3
    said = capsys.readouterr().err
    assert said == (
        "ringfence: an error that nobody foresaw (UnforeseenError): its traceback can't be kept "
        f"({tmp_path}/file/ringfence/errors: Not a directory); set XDG_STATE_HOME to a folder that "
        "can be written to, and try again\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [["no-such-command"], ["verify"], ["verify", "/no/such/site"], ["verify", "--what", "."]],
)
def test_a_wrong_call_is_4_and_says_what_to_try(capsys, arguments):
    assert ringfence.cli.run(arguments) == 4
    assert "Try: ringfence" in capsys.readouterr().err


def test_help_fits_a_screen_and_is_0(capsys):
    assert ringfence.cli.run(["--help"]) == 0
    assert len(capsys.readouterr().out.splitlines()) <= 24


@pytest.mark.parametrize("name", list(ringfence.cli.COMMANDS))
def test_the_help_of_every_command_has_an_example(capsys, name):
    assert ringfence.cli.run([name, "--help"]) == 0
    assert f"ringfence {name}" in capsys.readouterr().out.partition("Example:")[2].replace(
        "\n", " "
    )
