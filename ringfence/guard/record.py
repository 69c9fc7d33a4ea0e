"""The record of a run that changes hosts: `apply.json`, `rollback.json` or `waves.json`."""

import getpass
import json
import socket
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ringfence.deployment import Deployment


def save_record(
    outcome: Deployment,
    folder: Path,
    command: str,
    started_at: datetime,
    name: str = "apply.json",
) -> None:
    """Write what a run did on each host, and what was put back and why."""
    hosts = {name: asdict(host) for name, host in outcome.hosts.items()}
    write_record(folder / name, command, started_at, {"hosts": hosts})


def write_record(path: Path, command: str, started_at: datetime, content: dict[str, Any]) -> None:
    """Write `content` and who did it, where and when, by which command; whole or not at all."""
    document = {
        "run": path.parent.name,
        "operator": getpass.getuser(),
        "control_host": socket.gethostname(),
        "command": command,
        "started_at": started_at.isoformat(timespec="seconds"),
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        **content,
    }
    stage = path.with_name(f".{path.name}.new")
    stage.write_text(json.dumps(document, indent=1) + "\n")
    stage.replace(path)
