"""What a host answered to one command, and the snapshot of all its answers."""

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ringfence.errors import UsageError


@dataclass(frozen=True)
class Answer:
    """The exit status and the two outputs of one command."""

    status: int
    stdout: bytes
    stderr: bytes


@dataclass
class Snapshot:
    """Every command that was put to one host, with its answer, in the order asked."""

    host: str
    taken_at: datetime
    answers: dict[str, Answer] = field(default_factory=dict)
    unreachable: str | None = None

    @classmethod
    def begin(cls, host: str) -> "Snapshot":
        """Start an empty snapshot of ``host``, taken now."""
        return cls(host, datetime.now(UTC))

    def save(self, folder: Path) -> Path:
        """Write the snapshot to ``folder/<host>.json`` and return that path."""
        path = folder / f"{self.host}.json"
        document = {
            "host": self.host,
            "taken_at": self.taken_at.isoformat(timespec="seconds"),
            "unreachable": self.unreachable,
            "answers": [
                {
                    "command": command,
                    "status": answer.status,
                    "stdout": _as_text(answer.stdout),
                    "stderr": _as_text(answer.stderr),
                }
                for command, answer in self.answers.items()
            ],
        }
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(json.dumps(document) + "\n")
        path.chmod(0o600)
        return path

    @classmethod
    def load(cls, folder: Path, host: str) -> "Snapshot":
        """Read ``folder/<host>.json``.

        Raises:
            UsageError: there is no snapshot of the host, or the file is not one.
        """
        path = folder / f"{host}.json"
        try:
            document = json.loads(path.read_text())
            answers = {
                entry["command"]: Answer(
                    int(entry["status"]), _as_bytes(entry["stdout"]), _as_bytes(entry["stderr"])
                )
                for entry in document["answers"]
            }
            taken_at = datetime.fromisoformat(document["taken_at"])
            return cls(document["host"], taken_at, answers, document["unreachable"])
        except FileNotFoundError:
            raise UsageError(f"{folder}: holds no snapshot of host {host!r}") from None
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{path}: is not a snapshot ({error})") from None


def _as_text(data: bytes) -> Any:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}


def _as_bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8")
    return base64.b64decode(value["base64"], validate=True)
