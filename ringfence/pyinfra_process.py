"""pyinfra as a child process that does not outlive the run that started it.

A run that is killed no longer guards its hosts: what pyinfra would go on to change there, nobody
would put back. On Linux the kernel ends it with its parent (PR_SET_PDEATHSIG, prctl(2)).
"""

import contextlib
import ctypes
import json
import os
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ringfence.fact_channel import GAVE_UP, FactChannel

PR_SET_PDEATHSIG = 1
QUESTIONS = "RINGFENCE_QUESTIONS"
"""The environment's name for the file in which what a plan asks is kept (`ringfence.unchanged`)."""
OPERATIONS = re.compile(r"Operations: (?P<count>\d+)")
"""How this process says, before it begins, how many operations it will run."""
ANSWERS = "RINGFENCE_ANSWERS"
"""The environment's name for the descriptor of a file with what hosts have answered already: by
host and command the exit status and the lines of both outputs."""
NO_MATTER = {
    *("_sudo", "_shell_executable", "_success_exit_codes"),
    *("_timeout", "_retries", "_retry_delay"),
}
"""pyinfra's arguments with which a plain root shell gives the same answer."""


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent or parent == 1:
            sys.exit(1)


def answer_beforehand(known: dict[str, dict[str, tuple[int, list[str], list[str]]]]) -> None:
    """Give pyinfra what hosts have answered already, until it first does something to them.

    From then on operations ask anew: what was changed before them counts.
    """
    from pyinfra.api.host import Host

    run = Host.run_shell_command

    def run_or_know(host: Any, command: Any, *arguments: Any, **options: Any) -> Any:
        if not _is_question(command) and host.state.is_executing:
            known.pop(host.name, None)
        answer = known.get(host.name, {}).get(_text(command))
        if answer is None or answer[0] == GAVE_UP or not _is_plain(options):
            return run(host, command, *arguments, **options)
        return _output(*answer)

    Host.run_shell_command = run_or_know  # type: ignore[method-assign,assignment]


def ask_over_one_channel() -> None:
    """Have facts ask over one channel a host; where there is none, each over its own."""
    from paramiko import SSHException
    from pyinfra.api.host import Host

    from ringfence.unchanged import lines_of

    channels: dict[str, FactChannel | None] = {}
    run = Host.run_shell_command

    def channel_of(host: Any) -> FactChannel | None:
        if host.name not in channels:
            channels[host.name] = None
            client = getattr(host.connector, "client", None)
            if client is not None:
                with contextlib.suppress(OSError, EOFError, SSHException):
                    channels[host.name] = FactChannel(client)
        return channels[host.name]

    def end(host: Any) -> bool:
        """End a host's channel; tell whether there was one."""
        channel, channels[host.name] = channels.get(host.name), None
        if channel is not None:
            channel.close()
        return channel is not None

    def run_or_ask(host: Any, command: Any, *arguments: Any, **options: Any) -> Any:
        is_root = options.get("_sudo") and _is_plain(options)
        if _is_question(command) and is_root and (channel := channel_of(host)):
            try:
                answer = channel.ask(command)
            except (OSError, EOFError, SSHException):
                end(host)
            else:
                if answer.status != GAVE_UP:
                    lines = lines_of(answer.stdout), lines_of(answer.stderr)
                    return _output(answer.status, *lines)
        try:
            return run(host, command, *arguments, **options)
        except SSHException:
            # Some hosts take one channel at a time (sshd_config(5), MaxSessions).
            if not end(host):
                raise
        return run(host, command, *arguments, **options)

    Host.run_shell_command = run_or_ask  # type: ignore[method-assign,assignment]


def keep_questions(path: Path) -> None:
    """Write each command that pyinfra runs on a host to a file, with a digest of the answer."""
    from pyinfra.api.host import Host

    from ringfence.unchanged import digest_of

    kept = path.open("w", buffering=1)
    run = Host.run_shell_command

    def run_and_keep(host: Any, command: Any, *arguments: Any, **options: Any) -> Any:
        succeeded, output = run(host, command, *arguments, **options)
        entry = {
            "host": host.name,
            "command": _text(command),
            "digest": digest_of(succeeded, output.stdout_lines),
            "repeatable": _is_repeatable(options),
        }
        kept.write(json.dumps(entry) + "\n")
        return succeeded, output

    Host.run_shell_command = run_and_keep  # type: ignore[method-assign,assignment]


def _text(command: Any) -> str:
    from pyinfra.api.command import StringCommand

    return command.get_raw_value() if isinstance(command, StringCommand) else str(command)


def _is_question(command: Any) -> bool:
    """Tell whether a command is a fact's of ours, which changes nothing: they are plain text."""
    return isinstance(command, str)


def _is_plain(options: Mapping[str, Any]) -> bool:
    """Tell whether a command is repeatable, and succeeds with the exit status 0 alone."""
    return _is_repeatable(options) and options.get("_success_exit_codes") in (None, [0])


def _output(status: int, output: list[str], errors: list[str]) -> Any:
    from pyinfra.connectors.util import CommandOutput, OutputLine

    lines = [OutputLine("stdout", line) for line in output]
    return status == 0, CommandOutput(lines + [OutputLine("stderr", line) for line in errors])


def _is_repeatable(options: Mapping[str, Any]) -> bool:
    """Tell whether a plain root shell gives the same answer as a command with these arguments."""
    given = {name for name, value in options.items() if name.startswith("_") and value}
    return given <= NO_MATTER and options.get("_shell_executable") in (None, "sh")


def announce_operations() -> None:
    """Have pyinfra say how many operations it is about to run: whoever watches asks how long."""
    from pyinfra_cli import cli

    run = cli.run_ops

    def announce_and_run(state: Any, *arguments: Any, **options: Any) -> Any:
        print(f"--> Operations: {len(state.get_op_order())}", file=sys.stderr, flush=True)
        return run(state, *arguments, **options)

    cli.run_ops = announce_and_run


if __name__ == "__main__":
    die_with_parent()
    from pyinfra_cli.main import main

    announce_operations()
    ask_over_one_channel()
    if ANSWERS in os.environ:
        with os.fdopen(int(os.environ[ANSWERS])) as given:
            answer_beforehand(json.load(given))
    if QUESTIONS in os.environ:
        keep_questions(Path(os.environ[QUESTIONS]))
    sys.argv[0] = "pyinfra"
    main()
