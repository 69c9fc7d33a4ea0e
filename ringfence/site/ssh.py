"""How a host is reached by ssh: with the site's own files and strict host keys.

One OpenSSH client configuration serves OpenSSH and pyinfra: neither passes the settings of its
call on to a hop (`via`), but both read a hop's settings from there.
"""

import hashlib
import os
from pathlib import Path

from ringfence.errors import UsageError
from ringfence.replacing import replace
from ringfence.site.hosts import Host, SshAccess
from ringfence.site.site import Site

CONNECT_TIMEOUT = 10
"""Seconds after which a host counts as unreachable."""
SLOW_LOGIN = 30
"""Seconds in which a host that is there, but slow, completes a login."""


def ssh_command(site: Site, host: Host, *, verifying: bool = False) -> list[str]:
    """Return the argv of the OpenSSH client for a host, to which a remote command is appended.

    With `verifying` it logs in as the account that verifies, if the site has one.

    The client asks nothing (BatchMode), trusts no host key that the site doesn't hold, and reads no
    configuration of the user or of this machine.

    Raises UsageError when the configuration can't be written.
    """
    options = {
        "BatchMode": "yes",
        "StrictHostKeyChecking": "yes",
        "UserKnownHostsFile": _quoted(site.known_hosts_file),
        "GlobalKnownHostsFile": "/dev/null",
        "ConnectTimeout": str(CONNECT_TIMEOUT),
    }
    access = _access(host, verifying)
    command = ["ssh", "-F", str(client_config(site, verifying=verifying)), "-l", access.user]
    if access.port is not None:
        command += ["-p", str(access.port)]
    if access.identity_file is not None:
        command += ["-i", str(access.identity_file)]
        options["IdentitiesOnly"] = "yes"
    for option, value in options.items():
        command += ["-o", f"{option}={value}"]
    return [*command, host.name]


def client_config(site: Site, *, verifying: bool = False) -> Path:
    """Return the OpenSSH client configuration of a site, absolute.

    It is the site's `config_file`, or else a file made from hosts.yml in the user's cache, readable
    by its owner alone. Each content has a name of its own, so sites and versions don't meet.

    Raises UsageError when it can't be written.
    """
    if site.config_file is not None:
        return site.config_file
    _refuse_odd_paths(site)
    content = "\n".join(
        _host_block(site, host, _access(host, verifying)) for host in site.hosts.values()
    )
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    name = f"{site.name}-{hashlib.sha256(content.encode()).hexdigest()[:16]}.config"
    path = cache / "ringfence" / "ssh" / name
    try:
        _write_private(path, content)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from None
    return path


def _access(host: Host, verifying: bool) -> SshAccess:
    return host.verify if verifying and host.verify is not None else host.ssh


def _host_block(site: Site, host: Host, access: SshAccess) -> str:
    lines = [
        f"Host {host.name}",
        f"HostName {host.address}",
        f"User {access.user}",
        f"UserKnownHostsFile {_quoted(site.known_hosts_file)}",
        "GlobalKnownHostsFile /dev/null",
        "StrictHostKeyChecking yes",
        f"ConnectTimeout {CONNECT_TIMEOUT}",
    ]
    # Given "Port 22", paramiko looks a hop up as [host]:22 in known_hosts, and doesn't find it.
    if access.port not in {None, 22}:
        lines.append(f"Port {access.port}")
    if access.identity_file is not None:
        lines += [f"IdentityFile {_quoted(access.identity_file)}", "IdentitiesOnly yes"]
    if access.via is not None:
        lines.append(f"ProxyJump {access.via}")
    return "\n    ".join(lines) + "\n"


def _quoted(path: Path) -> str:
    return f'"{path}"' if " " in str(path) else str(path)


def _refuse_odd_paths(site: Site) -> None:
    hosts = site.hosts.values()
    has_hops = any(host.ssh.via for host in hosts)
    identities = {access.identity_file for h in hosts for access in (h.ssh, h.verify) if access}
    for path in (site.known_hosts_file, *identities):
        text = str(path)
        if not text.isprintable() or set('"%$\\#') & set(text) or (has_hops and " " in text):
            raise UsageError(
                f"the path {text!r} has characters that ssh's configuration can't hold: move it"
            )


def _write_private(path: Path, content: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.is_file() and path.read_text(encoding="utf-8") == content:
        return
    replace(path, content.encode())
