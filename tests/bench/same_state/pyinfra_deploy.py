"""The bench's state in stock operations of pyinfra: pyinfra inventory.py pyinfra_deploy.py -y."""

import sys
from pathlib import Path

from pyinfra.operations import apt, files, server, systemd
from roles.bench.settings import Settings

TEMPLATES = Path(sys.modules["roles"].__path__[0]).parent / "templates/bench"
state = Settings()

for package in state.packages:
    apt.packages(name=f"package {package}", packages=[package], no_recommends=True)
for group in (*state.groups, "bench"):
    server.group(name=f"group {group}", group=group, system=True)
for account in state.accounts:
    server.user(
        name=f"account {account}",
        user=account,
        group="bench",
        home="/nonexistent",
        shell="/usr/sbin/nologin",
        comment="Of the bench",
        create_home=False,
        ensure_home=False,
        system=True,
    )
for path in ("/srv/bench", "/etc/bench", *state.directories):
    files.directory(name=path, path=path, user="root", group="root", mode="755")
for path in state.files:
    files.template(
        name=path,
        src=str(TEMPLATES / "file.j2"),
        dest=path,
        user="root",
        group="root",
        mode="644",
        path=path,
        jinja_env_kwargs={"trim_blocks": True},
    )
for key, value in state.sysctls.items():
    server.sysctl(
        name=key,
        key=key,
        value=int(value),
        persist=True,
        persist_file="/etc/sysctl.d/90-bench.conf",
    )
for timer in state.timers:
    for kind in ("service", "timer"):
        files.template(
            name=f"{timer}.{kind}",
            src=str(TEMPLATES / f"{kind}.j2"),
            dest=f"/etc/systemd/system/{timer}.{kind}",
            user="root",
            group="root",
            mode="644",
            unit=timer,
            jinja_env_kwargs={"trim_blocks": True},
        )
for timer in state.timers:
    systemd.service(name=f"{timer} runs", service=f"{timer}.timer", running=True, enabled=True)
