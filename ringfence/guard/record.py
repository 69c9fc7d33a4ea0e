"""The record of a run that changes hosts: ``runs/<id>/apply.json`` or ``rollback.json``."""

import getpass
import json
import socket
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from ringfence.deployment import Deployment


def save_record(
    outcome: Deployment,
    folder: Path,
    command: str,
    started_at: datetime,
    name: str = "apply.json",
) -> None:
    """Write what a run did on each host, and what was put back and why."""
    document = {
        "run": folder.name,
        "operator": getpass.getuser(),
        "control_host": socket.gethostname(),
        "command": command,
        "started_at": started_at.isoformat(timespec="seconds"),
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "hosts": {name: asdict(host) for name, host in outcome.hosts.items()},
    }
    (folder / name).write_text(json.dumps(document, indent=1) + "\n")
