"""Wrong calls in the voice of every other message: click's sentences have another.

`there is no command 'verifyy'; did you mean 'verify'?` is told as an unknown control or host is.
"""

import re
from collections.abc import Callable

import click

from ringfence.site.problems import nearest

Say = Callable[[re.Match[str], click.Context | None], str]


def sentence(error: click.ClickException) -> str:
    """Say what is wrong with a call: without a capital and a full stop, with the nearest name."""
    context = getattr(error, "ctx", None)
    if isinstance(error, click.MissingParameter):
        return f"{_name(error)} is missing"
    if isinstance(error, click.BadParameter):
        return f"{_name(error)}: {_ours(error.message, context)}"
    return _ours(error.message, context)


def _ours(message: str, context: click.Context | None) -> str:
    for pattern, say in SENTENCES.items():
        if found := re.fullmatch(pattern, message, re.DOTALL):
            return say(found, context)
    text = message.removesuffix(".")
    return text[:1].lower() + text[1:]


def _no_command(found: re.Match[str], context: click.Context | None) -> str:
    command = context.command if context else None
    names = command.list_commands(context) if context and isinstance(command, click.Group) else []
    return f"there is no command '{found[1]}'{nearest(found[1], names)}"


def _no_option(found: re.Match[str], context: click.Context | None) -> str:
    parameters = context.command.get_params(context) if context else []
    names = [name for each in parameters if isinstance(each, click.Option) for name in each.opts]
    return f"there is no option '{found[1]}'{nearest(found[1], names)}"


def _too_many(found: re.Match[str], _context: click.Context | None) -> str:
    one = "is an argument" if " " not in found[1] else "are arguments"
    return f"'{found[1]}' {one} too many"


def _none_of(found: re.Match[str], _context: click.Context | None) -> str:
    names = re.findall(r"'([^']*)'", found[2])
    return f"'{found[1]}' is not one of {', '.join(names)}{nearest(found[1], names)}"


def _name(error: click.BadParameter) -> str:
    """Return how help calls a parameter: SITE, --owner."""
    if error.param is None:
        return str(error.param_hint or "the call").strip("'")
    if isinstance(error.param, click.Option):
        return max(error.param.opts, key=len)
    context = error.ctx or click.Context(click.Command(None))
    return error.param.make_metavar(context).strip("[].")


SENTENCES: dict[str, Say] = {
    r"No such command '(.*)'\.": _no_command,
    r"No such option:? '?(\S+?)'?\.?": _no_option,
    r"Got unexpected extra arguments? \((.*)\)": _too_many,
    r"Missing command\.": lambda _found, _context: "a command is missing",
    r"Option '(\S+)' requires an argument\.": lambda found, _: f"{found[1]} needs a value",
    r"Option '(\S+)' does not take a value\.": lambda found, _: f"{found[1]} takes no value",
    r"Directory '(.*)' does not exist\.": lambda found, _: f"there is no folder '{found[1]}'",
    r"(?:File|Path) '(.*)' does not exist\.": lambda found, _: f"there is no file '{found[1]}'",
    r"Directory '(.*)' is a file\.": lambda found, _: f"'{found[1]}' is a file, not a folder",
    r"File '(.*)' is a directory\.": lambda found, _: f"'{found[1]}' is a folder, not a file",
    r"'(.*)': No such file or directory": lambda found, _: f"there is no file '{found[1]}'",
    r"'(.*)' is not a valid integer(?: range)?\.": lambda found, _: (
        f"'{found[1]}' is no whole number"
    ),
    r"(\S+) is not in the range x>=(\S+)\.": lambda found, _: f"{found[1]} is less than {found[2]}",
    r"'(.*)' is not one of (.*)\.": _none_of,
}
"""What click says, as patterns, and how it is said here; what isn't here keeps click's words."""
