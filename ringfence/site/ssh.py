"""How a host is reached with OpenSSH: strict host keys, the site's own files, nothing of the operator's."""

import hashlib
import os
from pathlib import Path

from ringfence.errors import UsageError
from ringfence.site.hosts import Host
from ringfence.site.site import Site

CONNECT_TIMEOUT = 10


def ssh_command(site: Site, host: Host) -> list[str]:
    """Return the argv of the OpenSSH client for a host; append the remote command.

    The client never asks (BatchMode), trusts no unknown host key, and gives up after 10 seconds.
    """
    command = ["ssh", "-F", str(client_config(site)), "-o", "BatchMode=yes"]
    command += ["-o", "StrictHostKeyChecking=yes"]
    command += ["-o", f"UserKnownHostsFile={_quoted(site.known_hosts_file)}"]
    command += ["-o", "GlobalKnownHostsFile=/dev/null", "-o", f"ConnectTimeout={CONNECT_TIMEOUT}"]
    command += ["-l", host.ssh.user]
    if host.ssh.port is not None:
        command += ["-p", str(host.ssh.port)]
    if host.ssh.identity_file is not None:
        command += ["-i", str(host.ssh.identity_file), "-o", "IdentitiesOnly=yes"]
    return [*command, host.name]


def client_config(site: Site) -> Path:
    """Return the OpenSSH client configuration of a site, which OpenSSH and pyinfra both read.

    It is the site's `config_file`, or one written from hosts.yml into the user's cache, readable by its owner alone:
    a hop (`via`) takes its settings from there, since neither program passes its own to a hop.
    """
    if site.config_file is not None:
        return site.config_file
    _refuse_odd_paths(site)
    content = "\n".join(_block(site, host) for host in site.hosts.values())
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "ringfence" / "ssh"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha256(content.encode()).hexdigest()[:16]}.config"
    if not path.exists() or path.read_text() != content:
        stage = path.with_suffix(f".{os.getpid()}")
        stage.touch(mode=0o600)
        stage.write_text(content)
        stage.replace(path)
    return path


def _block(site: Site, host: Host) -> str:
    lines = [
        f"Host {host.name}",
        f"HostName {host.address}",
        f"User {host.ssh.user}",
        f"UserKnownHostsFile {_quoted(site.known_hosts_file)}",
        "StrictHostKeyChecking yes",
        f"ConnectTimeout {CONNECT_TIMEOUT}",
    ]
    # Paramiko looks up "[host]:22" in known_hosts when the configuration names port 22.
    if host.ssh.port not in {None, 22}:
        lines.append(f"Port {host.ssh.port}")
    if host.ssh.identity_file is not None:
        lines += [f"IdentityFile {_quoted(host.ssh.identity_file)}", "IdentitiesOnly yes"]
    if host.ssh.via is not None:
        lines.append(f"ProxyJump {host.ssh.via}")
    return "\n    ".join(lines) + "\n"


def _quoted(path: Path) -> str:
    return f'"{path}"' if " " in str(path) else str(path)


def _refuse_odd_paths(site: Site) -> None:
    files = [site.known_hosts_file, *(h.ssh.identity_file for h in site.hosts.values())]
    has_hops = any(host.ssh.via for host in site.hosts.values())
    for path in files:
        if path is not None and (set('"%$\\') & set(str(path)) or (has_hops and " " in str(path))):
            raise UsageError(
                f"{path}: ssh can't be given a path with such characters; rename or move it"
            )
