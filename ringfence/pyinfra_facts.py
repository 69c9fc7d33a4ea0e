"""How pyinfra's facts are asked, in the process that runs it (docs/decisions/facts.md).

pyinfra opens a channel and calls sudo for each command, which costs a host more than most questions
do. Facts change nothing, so theirs go to one runner (`ringfence.verify.conversation`) over the
connection that is there, and what a host has answered already is not asked again. What operations
do goes the usual way: each of their commands stands in sudo's log.
"""

import contextlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ringfence.verify.answers import Answer
from ringfence.verify.conversation import GAVE_UP, Conversation, frame, runner_command

NO_MATTER = {
    *("_sudo", "_shell_executable", "_success_exit_codes"),
    *("_timeout", "_retries", "_retry_delay"),
}
"""pyinfra's arguments with which a plain root shell gives the same answer."""
SILENCE_LIMIT = 150.0
"""Seconds; the runner answers each command within 120."""
Known = dict[str, dict[str, tuple[int, list[str], list[str]]]]
"""What hosts have answered: by host's name and command the exit status, and both outputs' lines."""
Run = Callable[..., Any]
"""pyinfra's own `Host.run_shell_command`, or what stands around it already."""


class FactChannel:
    """A runner on one host, over pyinfra's connection."""

    def __init__(self, client: Any) -> None:
        """Start it.

        Args:
            client: paramiko's SSHClient, connected.

        Raises OSError, EOFError or paramiko's SSHException when it can't be started.
        """
        self._channel = client.get_transport().open_session()
        try:
            self._channel.settimeout(SILENCE_LIMIT)
            self._channel.exec_command(runner_command(become_root=True))
            self._runner = Conversation(self._channel.sendall, self._receive)
            self._runner.await_greeting()
        except BaseException:
            self.close()
            raise

    def ask(self, command: str) -> Answer:
        """Return a command's answer.

        Raises OSError, EOFError or paramiko's SSHException when there is none.
        """
        self._channel.sendall(frame(command))
        return self._runner.answer()

    def close(self) -> None:
        """End it."""
        self._channel.close()

    def _receive(self) -> bytes:
        data: bytes = self._channel.recv(1 << 20)
        if not data:
            raise EOFError("the runner ended")
        return data


def answer_beforehand(known: Known) -> None:
    """Give pyinfra what hosts have answered already, until it first does something to them.

    From then on operations ask anew: what was changed before them counts.
    """

    def run_or_know(run: Run, host: Any, command: Any, **options: Any) -> Any:
        if not _is_question(command) and host.state.is_executing:
            known.pop(host.name, None)
        answer = known.get(host.name, {}).get(_text(command))
        if answer is None or answer[0] == GAVE_UP or not _is_plain(options):
            return run(host, command, **options)
        return _output(*answer)

    _put_around(run_or_know)


def ask_over_one_channel() -> None:
    """Have facts ask over one channel a host; where there is none, each over its own."""
    from paramiko import ChannelException, SSHException

    from ringfence.unchanged import lines_of

    channels: dict[str, FactChannel | None] = {}

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

    def run_or_ask(run: Run, host: Any, command: Any, **options: Any) -> Any:
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
            return run(host, command, **options)
        except ChannelException:
            # Nothing was run: no channel was opened. Some hosts have one at a time (sshd_config(5),
            # MaxSessions).
            if not end(host):
                raise
        return run(host, command, **options)

    _put_around(run_or_ask)


def keep_questions(path: Path) -> None:
    """Write each command that pyinfra runs on a host to a file, with a digest of the answer."""
    from ringfence.unchanged import digest_of

    kept = path.open("w", buffering=1)

    def run_and_keep(run: Run, host: Any, command: Any, **options: Any) -> Any:
        succeeded, output = run(host, command, **options)
        entry = {
            "host": host.name,
            "command": _text(command),
            "digest": digest_of(succeeded, output.stdout_lines),
            "repeatable": _is_repeatable(options),
        }
        kept.write(json.dumps(entry) + "\n")
        return succeeded, output

    _put_around(run_and_keep)


def _put_around(outer: Callable[..., Any]) -> None:
    """Have pyinfra call `outer` for every command; it is given what stood there before."""
    from pyinfra.api.host import Host

    inner = Host.run_shell_command

    def run(host: Any, command: Any, **options: Any) -> Any:
        return outer(inner, host, command, **options)

    Host.run_shell_command = run  # type: ignore[method-assign,assignment] # pyinfra has no hook


def _text(command: Any) -> str:
    from pyinfra.api.command import StringCommand

    return command.get_raw_value() if isinstance(command, StringCommand) else str(command)


def _is_question(command: Any) -> bool:
    """Tell whether a command is a fact's of ours, which changes nothing: they are plain text."""
    return isinstance(command, str)


def _is_plain(options: Mapping[str, Any]) -> bool:
    """Tell whether a command is repeatable, and succeeds with the exit status 0 alone."""
    return _is_repeatable(options) and options.get("_success_exit_codes") in (None, [0])


def _is_repeatable(options: Mapping[str, Any]) -> bool:
    """Tell whether a plain root shell gives the same answer as a command with these arguments."""
    given = {name for name, value in options.items() if name.startswith("_") and value}
    return given <= NO_MATTER and options.get("_shell_executable") in (None, "sh")


def _output(status: int, output: list[str], errors: list[str]) -> Any:
    from pyinfra.connectors.util import CommandOutput, OutputLine

    lines = [OutputLine("stdout", line) for line in output]
    return status == 0, CommandOutput(lines + [OutputLine("stderr", line) for line in errors])
