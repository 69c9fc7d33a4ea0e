"""The command ``ringfence``: one module a command, loaded when it is called."""

import importlib
import sys
from typing import Any

import click
from click.shell_completion import CompletionItem

from ringfence import __version__
from ringfence.errors import RingfenceError

COMMANDS = {
    "init": "Write a commented sample site.",
    "check": "Validate a site's files.",
    "doctor": "Find what stands in the way of runs.",
    "flows": "Show which paths are open, and explain one.",
    "plan": "Show what apply would change.",
    "apply": "Bring hosts to their baseline, then verify them.",
    "rollback": "Put hosts back as they were at the end of a run.",
    "guard": "See or undo an unconfirmed dangerous change.",
    "verify": "Judge every host against the baseline.",
    "secrets": "Keep a site's secrets, encrypted.",
    "people": "Enrol people's second factors.",
    "pki": "Keep the site's own certificates.",
    "logs": "Verify the archive of logs, and anchor it.",
    "explain": "Say what a control demands, and why to believe it.",
    "report": "Make a run's reports again.",
    "access-record": "Show who looked at personal data.",
    "review": "Draft the monthly review of the access record.",
    "lab": "Build and run disposable real hosts.",
    "prove": "Break each control in the lab and see it fail.",
}
USAGE_ERROR = 4


class Commands(click.Group):
    """Imports a command's module only when it is needed, so that ``--help`` answers at once."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Return the commands in the order in which a site's life needs them."""
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Import ``ringfence.cli.<name>``, - as _, and return its command."""
        if name not in COMMANDS:
            return None
        attribute = name.replace("-", "_")
        module = importlib.import_module(f"ringfence.cli.{attribute}")
        command: click.Command = getattr(module, attribute)
        return command

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete commands without importing them."""
        names = [
            CompletionItem(name, help=what)
            for name, what in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*names, *click.Command.shell_complete(self, context, incomplete)]

    def format_help_text(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the program is for next to its usage: all of it must fit a screen."""
        formatter.write_text(self.help or "")

    def format_epilog(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the last lines right below the commands."""
        formatter.write_text(self.epilog or "")

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands alone; the options that every program has stand in the last line."""
        self.format_commands(context, formatter)

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=Commands,
    epilog="Exits: 0 well, 1 failure, 2 changes, 3 tool, 4 usage. More: COMMAND --help",
)
@click.version_option(__version__, message="ringfence %(version)s")
def ringfence() -> None:
    """Harden the Linux hosts of a contact center. Start: ringfence init my-site."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command and leave with the exit code of docs/reference/exit-codes.md."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command; every failure is a sentence on standard error, never a traceback."""
    try:
        outcome: Any = ringfence.main(arguments, prog_name="ringfence", standalone_mode=False)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.Abort:
        return _say("interrupted", 130)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return USAGE_ERROR
    except click.UsageError as error:
        hint = f"\nTry: {error.ctx.command_path} --help" if error.ctx else ""
        return _say(f"{_sentence(error)}{hint}", USAGE_ERROR)
    except click.ClickException as error:
        return _say(_sentence(error), 3)
    except RingfenceError as error:
        return _say(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _say("interrupted", 130)
    except BrokenPipeError:
        sys.stderr.close()
        return 3
    except OSError as error:
        return _say(f"{error.filename or 'the system'}: {error.strerror or error}", 3)
    except Exception as error:
        return _say(importlib.import_module("ringfence.cli.unforeseen").told(error), 3)
    return outcome if isinstance(outcome, int) else 0


def _sentence(error: click.ClickException) -> str:
    """Say what click found, in our voice. Only wrong calls import what it takes."""
    said: str = importlib.import_module("ringfence.cli.usage").sentence(error)
    return said


def _say(sentence: str, exit_code: int) -> int:
    click.echo(f"ringfence: {sentence}", err=True)
    return exit_code
