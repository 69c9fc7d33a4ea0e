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
