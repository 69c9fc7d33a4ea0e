"""Wrong calls are told in the voice of every other message."""

import click
import pytest

import ringfence.cli
from ringfence.cli.usage import sentence

SITE = "inventories/lab"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verifyy"], "there is no command 'verifyy'; did you mean 'verify'?"),
        (["zzz"], "there is no command 'zzz'"),
        (["lab", "upp"], "there is no command 'upp'; did you mean 'up'?"),
        (["verify", "--jsn", "."], "there is no option '--jsn'; did you mean '--json'?"),
        (["verify", "-x", "."], "there is no option '-x'"),
        (["verify"], "SITE is missing"),
        (["lab", "ssh", SITE], "HOST is missing"),
        (["secrets", "add-recipient", ".", "key"], "--owner is missing"),
        (["verify", "/no/such"], "SITE: there is no folder '/no/such'"),
        (["verify", __file__], f"SITE: '{__file__}' is a file, not a folder"),
        (["verify", ".", "--parallel", "x"], "--parallel: 'x' is no whole number"),
        (["verify", ".", "--parallel", "0"], "--parallel: 0 is less than 1"),
        (
            ["plan", ".", "--diff", "shot"],
            "--diff: 'shot' is not one of none, short, whole; did you mean 'short'?",
        ),
        (["check", ".", "one"], "'one' is an argument too many"),
        (["check", ".", "one", "two"], "'one two' are arguments too many"),
        (["verify", ".", "--limit"], "--limit needs a value"),
        (["verify", ".", "--json=3"], "--json takes no value"),
    ],
)
def test_a_wrong_call_is_told_as_we_tell_things(arguments, said, capsys):
    assert ringfence.cli.run(arguments) == 4
    first, *_ = capsys.readouterr().err.splitlines()
    assert first == f"ringfence: {said}"


@pytest.mark.parametrize("arguments", [[], ["lab"]])
def test_a_call_without_a_command_shows_the_help(arguments, capsys):
    assert ringfence.cli.run(arguments) == 4
    shown = capsys.readouterr()
    assert shown.err.startswith("Usage: ringfence")
    assert not shown.out


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (click.UsageError("Whatever click says next."), "whatever click says next"),
        (click.BadParameter("Wrong.", param_hint="'KEY'"), "KEY: wrong"),
        (click.BadParameter("Wrong."), "the call: wrong"),
        (click.NoSuchOption("--x"), "there is no option '--x'"),
        (click.UsageError("No such command 'x'."), "there is no command 'x'"),
        (click.ClickException("A disk is full."), "a disk is full"),
        (click.UsageError("Missing command."), "a command is missing"),
    ],
)
def test_what_click_may_say_else_loses_its_capital_and_full_stop(error, said):
    assert sentence(error) == said
