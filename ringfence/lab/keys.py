"""The lab's keys and how ssh is told of them.

In production a host makes its host keys itself and they never travel. A lab's host is thrown away
and made again many times a day; if it made its own keys, nobody could know them before the first
connection, and strict checking would give way to trust on first use. So a lab's host keys, and
these alone, are made on the control side, once a lab, and put into the host before it starts.
"""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from ringfence.errors import ToolError
from ringfence.lab.paths import LabPaths

USER = "deploy"


def make_key(path: Path, comment: str) -> str:
    """Make an ed25519 key without a passphrase unless it exists; return the public line."""
    public = path.with_name(f"{path.name}.pub")
    if not (path.is_file() and public.is_file()):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        made = subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise ToolError(f"ssh-keygen could not make {path}: {made.stderr.strip()}")
    return public.read_text().strip()


def known_hosts_lines(name: str, port: int, public_key: str) -> str:
    """Return the lines of one host: by its name, as OpenSSH looks it up, and by its port.

    OpenSSH looks up HostKeyAlias; paramiko knows no HostKeyAlias and looks up [127.0.0.1]:port.
    """
    key = " ".join(public_key.split()[:2])
    return f"{name} {key}\n[127.0.0.1]:{port} {key}\n"


def ssh_config_block(name: str, port: int, paths: LabPaths) -> str:
    """Return the block of one host (ssh_config(5)); a path in quotes may hold spaces."""
    return (
        f"Host {name}\n"
        "    HostName 127.0.0.1\n"
        f"    Port {port}\n"
        f"    HostKeyAlias {name}\n"
        f"    User {USER}\n"
        f'    IdentityFile "{paths.operator_key}"\n'
        "    IdentitiesOnly yes\n"
        f'    UserKnownHostsFile "{paths.known_hosts}"\n'
        "    GlobalKnownHostsFile /dev/null\n"
        "    StrictHostKeyChecking yes\n"
        "    CheckHostIP no\n"
        # The post-quantum exchange, first otherwise, takes an emulated machine a second.
        "    KexAlgorithms ^curve25519-sha256\n"
        "    ConnectTimeout 10\n"
    )


def write_client_files(paths: LabPaths, ports: Mapping[str, int]) -> None:
    """Write known_hosts and ssh_config for the hosts, whose keys exist."""
    hosts = ""
    config = "# Made by `ringfence lab up`; use it with: ssh -F <this file> <host>\n"
    for name, port in ports.items():
        public = (paths.host(name) / "ssh_host_ed25519_key.pub").read_text()
        hosts += known_hosts_lines(name, port, public)
        config += "\n" + ssh_config_block(name, port, paths)
    _write(paths.known_hosts, hosts)
    _write(paths.ssh_config, config)


def _write(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.new")
    new.write_text(text)
    new.chmod(0o600)
    new.replace(path)
