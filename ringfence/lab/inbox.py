"""Who hears of failures in the lab: a server of mail and one of HTTP that keep what they are sent.

Both listen at this machine's address in the lab's network, where its hosts alone reach them.
"""

import asyncio
import email
import email.policy
import itertools
import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope

MAIL, WEB = ".eml", ".json"
KEPT = re.compile(r"(\d{8}T\d{6}\.\d{6})Z-\d+\.(?:eml|json)")
LARGEST = 1_000_000
"""Bytes of a message; a larger one is refused."""
_number = itertools.count(1)


@dataclass(frozen=True)
class Message:
    """What a host sent."""

    received: str
    """UTC, ISO 8601"""
    by: str
    """`mail` or `web`"""
    text: str
    """the subject of a mail and its lines, or what a chat service would show"""


def messages(folder: Path) -> Iterator[Message]:
    """Read what was kept, the oldest first; a file that `keep` didn't write is passed over."""
    for path in sorted(folder.glob("*")):
        named = KEPT.fullmatch(path.name)
        if named is None:
            continue
        at = datetime.strptime(named[1], "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
        received = at.isoformat(timespec="seconds").replace("+00:00", "Z")
        if path.suffix == MAIL:
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            body = mail.get_body()
            lines = [str(mail["Subject"] or ""), *(body.get_content() if body else "").splitlines()]
            yield Message(received, "mail", "\n".join(lines).strip())
        else:
            text = str(json.loads(path.read_bytes()).get("text", ""))
            yield Message(received, "web", text.strip())


def keep(folder: Path, kind: str, content: bytes) -> None:
    """Write a message to a file of its own, whole or not at all."""
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{next(_number)}{kind}"
    new = folder / f".{name}"
    new.write_bytes(content)
    new.replace(folder / name)


class Letters:
    """What aiosmtpd asks when a mail comes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail. The name is aiosmtpd's."""
        keep(self.folder, MAIL, envelope.original_content or b"")
        return "250 kept"


async def serve_mail(folder: Path, address: str, port: int) -> None:
    """Take mails (SMTP, RFC 5321) from now on. Raises OSError when the port is taken."""
    handler = Letters(folder)
    await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, hostname="lab", data_size_limit=LARGEST), address, port
    )


def serve_web(folder: Path, address: str, port: int) -> None:
    """Take what is posted as JSON from now on. Raises OSError when the port is taken."""

    class Posts(BaseHTTPRequestHandler):
        timeout = 20

        def do_POST(self) -> None:
            self.send_response(self.status())
            self.send_header("Content-Length", "0")
            self.end_headers()

        def status(self) -> int:
            size = self.headers.get("Content-Length", "")
            if not size.isdigit():
                return 411
            if int(size) > LARGEST:
                return 413
            content = self.rfile.read(int(size))
            try:
                is_one = isinstance(json.loads(content), dict)
            except ValueError:
                is_one = False
            if is_one:
                keep(folder, WEB, content)
            return 204 if is_one else 400

        def log_message(self, *_: object) -> None:
            """Say nothing: what came is in the folder."""

    server = ThreadingHTTPServer((address, port), Posts)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
