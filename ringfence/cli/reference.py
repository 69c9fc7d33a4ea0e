"""docs/reference/commands.md and docs/ringfence.1, made from the commands themselves."""

import re
from collections.abc import Iterator
from pathlib import Path

import click

from ringfence.cli import ringfence

PAGE = Path("docs/reference/commands.md")
MANUAL = Path("docs/ringfence.1")
WIDTH = 96
EXITS = Path("docs/reference/exit-codes.md")
INTRODUCTION = """\
# Commands

What `--help` says of each command. Made from the code by `make docs`; what the exit codes mean
stands in [exit-codes.md](exit-codes.md).

In ~/.bashrc, `eval "$(_RINGFENCE_COMPLETE=bash_source ringfence)"` has the shell complete commands,
options, controls and roles, and a site's hosts and groups (zsh: `zsh_source`, fish: `fish_source`).
"""
ENVIRONMENT = {
    "RINGFENCE_HOUSE": "The folder that holds roles, templates and tests. Without it: the nearest "
    "around the site, or the one that the program came with.",
    "RINGFENCE_IDENTITY": "Files with the identities that open a site's secrets: of age, or ssh "
    "private keys; several are separated by colons. Without it: ~/.config/ringfence/identity and "
    "~/.ssh/id_ed25519.",
    "NO_COLOR": "When it is set, nothing is coloured.",
    "XDG_CACHE_HOME": "Where the lab's images, the questions asked last and ssh's configuration "
    "are kept (~/.cache).",
    "XDG_STATE_HOME": "Where the traceback of an error is kept that nobody foresaw, in "
    "ringfence/errors, readable by its owner alone (~/.local/state).",
}
FILES = {
    "SITE/hosts.yml": "The hosts: where they are, what they are for, how ssh gets there.",
    "SITE/policy.yml": "What the site decides: people, keys, flows, each role's settings.",
    "SITE/waivers.yml": "Exceptions, each with its owner and its end.",
    "SITE/known_hosts": "The keys of hosts that are trusted; a host whose key isn't there is "
    "refused.",
    "SITE/inventory.py": "The same site for pyinfra.",
    "SITE/secrets.yml.age": "The site's secrets.",
    "SITE/secrets.recipients": "Who can open them.",
    "SITE/pki": "The site's authority and the certificates that it made; nothing secret.",
    "SITE/sealing": "The keys that check the seals of hosts' journals, encrypted.",
    "SITE/integrity": "The digests of hosts' files as they were accepted.",
    "SITE/archive": "The public keys with which collectors sign the archive.",
    "SITE/reviews": "Who acknowledged which exception of the daily review of logs.",
    "SITE/runs": "What each run did or measured, with its reports.",
    "/var/lib/ringfence": "On a host: former states of what was changed, and the guard.",
}


def commands() -> Iterator[tuple[click.Command, click.Context]]:
    """Yield every command with its context: groups first, then what they hold."""
    root = click.Context(ringfence, info_name="ringfence", terminal_width=WIDTH)
    yield ringfence, root
    yield from _below(ringfence, root)


def markdown() -> str:
    """Return the page of all commands."""
    parts = [INTRODUCTION]
    for command, context in commands():
        level = "#" * (context.command_path.count(" ") + 2)
        parts.append(f"{level} {context.command_path}\n\n```text\n{_help(command, context)}\n```\n")
    return "\n".join(parts)


def manual(exit_codes: str) -> str:
    """Return the manual page, in man(7)'s language.

    Args:
        exit_codes: the text of docs/reference/exit-codes.md, whose table says what each code means.
    """
    lines = [
        '.\\" Made from the code by `make docs`.',
        ".TH RINGFENCE 1",
        ".SH NAME",
        "ringfence \\- harden the Linux hosts of a contact center, and prove it",
        ".SH SYNOPSIS",
        ".B ringfence",
        ".I COMMAND",
        "[\\fIARGUMENTS\\fR]",
        ".SH COMMANDS",
    ]
    for command, context in commands():
        if context.parent is not None:
            lines += [f".SS {_roff(context.command_path)}", *_described(command, context)]
    lines += [".SH EXIT STATUS"]
    for code, meaning in re.findall(r"^\| (\d+) \| ([^|]+) \|", exit_codes, re.MULTILINE):
        lines += [".TP", f".B {code}", _roff(meaning)]
    for title, entries in (("ENVIRONMENT", ENVIRONMENT), ("FILES", FILES)):
        lines += [f".SH {title}"]
        for name, meaning in entries.items():
            lines += [".TP", f".B {_roff(name)}", _roff(meaning)]
    return "\n".join([*lines, ".SH SEE ALSO", "pyinfra(1), pytest(1), ssh_config(5)", ""])


def _below(
    command: click.Command, context: click.Context
) -> Iterator[tuple[click.Command, click.Context]]:
    if not isinstance(command, click.Group):
        return
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        inner = click.Context(found, parent=context, info_name=name, terminal_width=WIDTH)
        yield found, inner
        yield from _below(found, inner)


def _help(command: click.Command, context: click.Context) -> str:
    return "\n".join(line.rstrip() for line in command.get_help(context).splitlines())


def _described(command: click.Command, context: click.Context) -> Iterator[str]:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f".B {_roff(usage)}"
    for paragraph in (command.help or "").replace("\f", "").split("\n\n"):
        if text := " ".join(paragraph.replace("\b", "").split()):
            yield from (".PP", _roff(text))
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[1] and "--help" not in parameter.opts:
            yield from (".TP", f".B {_roff(record[0])}", _roff(record[1]))
    if command.epilog:
        yield from (".PP", _roff(command.epilog))


def _roff(text: str) -> str:
    """Return a text as roff prints it as it is (groff_char(7))."""
    plain = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-").replace("`", "")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain


if __name__ == "__main__":
    PAGE.write_text(markdown(), encoding="utf-8")
    MANUAL.write_text(manual(EXITS.read_text(encoding="utf-8")), encoding="utf-8")
