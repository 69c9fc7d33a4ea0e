"""The program of the alerts as its host runs it: rendered, with real servers of mail and HTTP.

systemd isn't there: in its place a script answers, from a file, what units are like.
"""

import base64
import json
import os
import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ringfence.rendering import render
from ringfence.site import find_house
from roles.alerts import deploy
from roles.alerts.settings import Settings

TEMPLATES = find_house(Path(deploy.__file__)).templates_dir("alerts")
SYSTEMCTL = """\
#!/usr/bin/python3
import json, os, subprocess, sys
root = os.path.dirname(os.path.abspath(__file__))
state = json.load(open(root + "/units.json"))
open(root + "/asked", "a").write(" ".join(sys.argv[1:]) + "\\n")
if sys.argv[1] == "is-system-running":
    print(state.get("system", "running"))
elif sys.argv[1:4] == ["show", "-p", "Result"]:
    print("exit-code")
elif sys.argv[1] == "show":
    for name, active in state["units"].items():
        load = "loaded" if active in ("active", "inactive", "failed") else active
        print(f"Id={name}\\nLoadState={load}\\nActiveState={active}\\n")
elif sys.argv[1] == "start":
    sys.exit(subprocess.run([sys.executable, root + "/alert", "failed", sys.argv[2]]).returncode)
"""


class Mailbox(StreamRequestHandler):
    """One SMTP session (RFC 5321), perhaps with STARTTLS and AUTH PLAIN."""

    def say(self, line):
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self):
        server, user, recipients = self.server, None, []
        self.say("220 sink")
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO":
                    self.say("250-sink")
                    is_clear = not isinstance(self.request, ssl.SSLSocket)
                    offers = ["STARTTLS"] if server.context and is_clear else ["AUTH PLAIN"]
                    for offer in offers:
                        self.say(f"250-{offer}")
                    self.say("250 8BITMIME")
                case "STARTTLS":
                    self.say("220 go")
                    self.request = server.context.wrap_socket(self.request, server_side=True)
                    self.rfile, self.wfile = (
                        self.request.makefile("rb"),
                        self.request.makefile("wb", 0),
                    )
                case "AUTH":
                    user = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
                    self.say("235 in" if user[1:] == server.account else "535 no")
                case "RCPT":
                    known = not any(bad in rest for bad in server.unknown)
                    recipients += [rest] if known else []
                    self.say("250 ok" if known else "550 nobody here")
                case "DATA":
                    if server.busy:
                        self.say("451 later")
                        continue
                    self.say("354 go")
                    lines = []
                    while (got := self.rfile.readline()) not in (b".\r\n", b""):
                        lines.append(got.decode())
                    server.messages.append((user, recipients, "".join(lines)))
                    recipients = []
                    self.say("250 taken")
                case "QUIT":
                    self.say("221 bye")
                    return
                case _:
                    self.say("250 ok")


class Hook(BaseHTTPRequestHandler):
    """One POST."""

    def do_POST(self):  # the name is http.server's
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status = self.server.answers.pop(0) if self.server.answers else 204
        self.server.calls.append((self.path, dict(self.headers), json.loads(content or b"{}")))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        self.do_POST()

    def log_message(self, *_):
        pass


def serve(server):
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


@pytest.fixture
def certificate(tmp_path):
    """A certificate for 127.0.0.1 that signs itself, and a context of a server that shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sink")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    (tmp_path / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "ca.pem", tmp_path / "key.pem")
    return context


@pytest.fixture
def smtp():
    """A real server of mail, on a port of its own."""
    server = serve(ThreadingTCPServer(("127.0.0.1", 0), Mailbox))
    server.daemon_threads = True
    server.messages, server.unknown, server.busy = [], [], False
    server.context, server.account = None, ["alerts", "canary-pass"]
    server.port = server.server_address[1]
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def web():
    """A real server of HTTP, on a port of its own."""
    server = serve(ThreadingHTTPServer(("127.0.0.1", 0), Hook))
    server.calls, server.answers = [], []
    yield server
    server.shutdown()
    server.server_close()


class Program:
    """The program in a folder, as on a host."""

    def __init__(self, root):
        self.root = root
        self.state = root / "state"
        self.state.mkdir()
        (root / "alerts").mkdir()
        values = {
            **deploy.VALUES,
            "authority": root / "ca.pem",
            "configuration": root / "alerts.json",
            "secrets": root / "alerts.secrets",
            "state": self.state,
        }
        (root / "alert").write_text(render(TEMPLATES, "alert", **values))
        for name in deploy.MODULES:
            text = render(TEMPLATES, f"{name}.py", **values)
            (root / "alerts" / f"{name}.py").write_text(text)
        (root / "systemctl").write_text(SYSTEMCTL)
        (root / "systemctl").chmod(0o755)
        self.units()

    def configure(self, policy, secrets=None, **more):
        settings = Settings.model_validate_json(json.dumps(policy))
        content = {
            "channels": settings.channels_shown,
            "host": "pbx1",
            "site": "center",
            "units": ["web.service", "a.service", "b.service", "fail2ban.service", "acd@.service"],
            "quiet_minutes": settings.quiet_minutes,
            "remind_hours": settings.remind_hours,
            "test_days": settings.test_days,
            **more,
        }
        (self.root / "alerts.json").write_text(json.dumps(content))
        (self.root / "alerts.secrets").write_text(json.dumps(secrets or {}))

    def units(self, system="running", **states):
        units = {f"{name}.service": state for name, state in states.items()}
        content = {"system": system, "units": units}
        (self.root / "units.json").write_text(json.dumps(content))

    def start(self, *words, **options):
        """Begin a run of the program."""
        path = f"{self.root}:{os.environ['PATH']}"
        return subprocess.Popen(
            [sys.executable, self.root / "alert", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PATH": path},
            **options,
        )

    def run(self, *words, **options):
        """Run it; return the exit code, and what it said."""
        process = self.start(*words, **options)
        said, _ = process.communicate(timeout=100)
        assert "Traceback" not in said, said
        return process.returncode, said

    def remembered(self, channel):
        return json.loads((self.state / "channels.json").read_text())[channel]

    def forget(self, channel, **values):
        """Change what is remembered of a channel."""
        path = self.state / "channels.json"
        known = json.loads(path.read_text())
        known[channel].update(values)
        path.write_text(json.dumps(known))

    def waiting(self):
        return sorted(
            str(path.relative_to(self.state / "waiting"))
            for path in (self.state / "waiting").rglob("*")
            if path.is_file() and path.name != ".lock"
        )


@pytest.fixture
def program(tmp_path):
    return Program(tmp_path)


@pytest.fixture
def hook(program, web):
    """The program with one channel, a webhook without secrets."""
    url = f"http://127.0.0.1:{web.server_port}/in"
    program.configure({"webhooks": [{"name": "chat", "url": url}]})
    return program
