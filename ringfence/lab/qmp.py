"""QEMU's machine protocol, as much of it as a snapshot needs."""

import json
import socket
from pathlib import Path
from typing import IO, Any

from ringfence.errors import ToolError


def monitor(path: Path, command: str, timeout: float = 600.0) -> str:
    """Send a command to the human monitor (`savevm clean`) and return what it printed.

    Raises ToolError when QEMU can't be reached, refuses or prints an error.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(timeout)
            connection.connect(str(path))
            stream = connection.makefile("rw", encoding="utf-8", newline="\n")
            read_message(stream)
            execute(stream, "qmp_capabilities")
            printed = execute(stream, "human-monitor-command", {"command-line": command})
    except OSError as error:
        raise ToolError(f"QEMU's monitor {path} can't be reached: {error}") from None
    text = str(printed).strip()
    if text.startswith("Error"):
        raise ToolError(f"QEMU could not {command}: {text}")
    return text


def execute(stream: IO[str], name: str, arguments: dict[str, str] | None = None) -> Any:
    """Execute one command and return its result; events in between are skipped."""
    message: dict[str, object] = {"execute": name}
    if arguments:
        message["arguments"] = arguments
    stream.write(json.dumps(message) + "\n")
    stream.flush()
    while True:
        answer = read_message(stream)
        if "return" in answer:
            return answer["return"]
        if "error" in answer:
            raise ToolError(f"QEMU refused {name}: {answer['error'].get('desc', '')}")


def read_message(stream: IO[str]) -> dict[str, Any]:
    """Read one message. Raises ToolError at the end of the stream."""
    line = stream.readline()
    if not line:
        raise ToolError("QEMU ended while it was asked")
    answer: dict[str, Any] = json.loads(line)
    return answer
