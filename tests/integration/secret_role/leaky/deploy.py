"""The badge role as nobody should write it: each operation leaks the secret in another way."""

import tempfile
from pathlib import Path

from pyinfra.api.deploy import deploy
from pyinfra.operations import files, server

from ringfence import secrets
from ringfence.site.deploying import intent

DAEMON = "BADGE_PASSWORD={0} setsid sleep 120 >/dev/null 2>&1 </dev/null &"


@deploy("badge")
def apply() -> None:
    """Leak into the plan, a command line, the log, an environment and files."""
    known = secrets.load(intent().site)
    password = known["badge_password"].get_secret_value()
    server.shell(name=f"TOY-02 The password is {password}", commands=["true"])
    server.shell(name="TOY-02 In argv", commands=[f"sleep 1; : {password}"])
    server.shell(name="TOY-02 In an environment", commands=[DAEMON.format(password)])
    server.shell(name="TOY-02 In a log", commands=[f"logger -t badge {password}"])
    with tempfile.NamedTemporaryFile("w", suffix=".leak", delete=False) as file:
        file.write(password)
    files.directory(name="TOY-02 Its folder", path="/etc/badge")
    files.put(name="TOY-02 World-readable", src=str(Path(file.name)), dest="/etc/badge/password")
