"""What stands in the way of a run, found out without changing anything: here, and on each host."""

import os
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ringfence import obstacles
from ringfence.errors import ToolError, UsageError
from ringfence.guard import preflight
from ringfence.guard.channel import Channel
from ringfence.guard.coverage import chosen_dangers
from ringfence.secrets import Vault
from ringfence.side_by_side import side_by_side
from ringfence.site import Host, Site
from ringfence.steps import Say, nobody
from ringfence.verify.session import UnreachableError

NOTABLE_LAG = 2.0
"""Seconds that a clock may be off before it is mentioned; records of two hosts are compared."""
HERE = "here"
"""What findings about this computer are about."""
PROGRAMS = {"ssh": "openssh-client", "ssh-keygen": "openssh-client", "git": "git"}
"""What every run starts, each with its Debian package."""
PRIVATE_KEY = b"-----BEGIN "
NOT_SEARCHED = {".git", ".lab", "runs"}
"""Folders of a site in which no private key of an operator's lies."""


class State(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """One sentence about this computer or about a host."""

    about: str
    state: State
    text: str


def examine(site: Site, hosts: list[Host], runs: Path, say: Say = nobody) -> list[Finding]:
    """Return what was found here, and then on each host, in the order of hosts.yml.

    Args:
        site: the site.
        hosts: the hosts that are asked, at least one.
        runs: where runs are kept, or will be.
        say: told which host is asked, and which was examined.
    """

    def ask(host: Host) -> list[Finding]:
        say(host.name, "asked")
        found = list(of_host(site, host))
        say(host.name, "examined", 1.0)
        return found

    asked = side_by_side(hosts, ask)
    return [*of_here(site, hosts, runs), *(finding for found in asked for finding in found)]


def of_here(site: Site, hosts: list[Host], runs: Path) -> Iterator[Finding]:
    """Yield what is wrong with the programs, keys and folders here, and what the site lacks.

    One line says so when nothing is a problem.
    """
    wrong = [*_programs(), *_keys(site, hosts), *_known_hosts(site, hosts), *_folder(runs)]
    wrong += [Finding(HERE, State.PROBLEM, str(lack)) for lack in obstacles.refusals(site)]
    yield from wrong
    yield from _warnings(site)
    if not wrong:
        fine = "programs, private keys and the folder of runs are fine"
        hosts_known = "; every host has a key in known_hosts" if _decides_known_hosts(site) else ""
        yield Finding(HERE, State.OK, f"{fine}{hosts_known}")


def of_host(site: Site, host: Host) -> Iterator[Finding]:
    """Yield whether a host answers, and why apply would refuse it, in the pre-flight's words."""
    channel = Channel(site, host)
    began = time.monotonic()
    try:
        findings = preflight.ask(channel)
    except UnreachableError as error:
        yield Finding(host.name, State.PROBLEM, f"does not answer: {error}")
        return
    finally:
        channel.close()
    took = time.monotonic() - began
    dangers = chosen_dangers(site.house, host, None)
    reasons = list(preflight.reasons(site, host, findings, dangers.values()))
    yield from (Finding(host.name, State.PROBLEM, reason) for reason in reasons)
    if findings.guard.get("state", "idle") != "idle":
        text = "a change waits for its confirmation: see ringfence guard status"
        yield Finding(host.name, State.WARNING, text)
    if NOTABLE_LAG < abs(findings.lag) <= preflight.FARTHEST_CLOCK:
        yield Finding(host.name, State.WARNING, f"its clock is {findings.lag:+.0f} seconds off")
    if not reasons:
        system = findings.system.capitalize()
        new = "" if findings.known else "; no run of Ringfence ever came to its end there"
        text = f"{system} answers as root within {took:.1f} s{new}"
        yield Finding(host.name, State.OK, text)


def _warnings(site: Site) -> Iterator[Finding]:
    """What `check` tells, too, and whether the secrets can be opened: that once."""
    closed = list(_closed_secrets(site))
    about_secrets = str(Vault(site.shown).path)
    for problem in obstacles.warnings(site):
        if not (closed and problem.file == about_secrets):
            yield Finding(HERE, State.WARNING, str(problem))
    yield from closed


def _closed_secrets(site: Site) -> Iterator[Finding]:
    """The secrets, if the site has any, can be opened here; nobody is asked for a passphrase."""
    vault = Vault(site.shown, ask=False)
    if not vault.path.exists():
        return
    try:
        vault.secrets()
    except (UsageError, ToolError) as error:
        text = (
            f"the secrets can't be opened, so nothing can be signed for a host, no host gets one, "
            f"and who has a second factor isn't known: {error}"
        )
        yield Finding(HERE, State.WARNING, text)


def _programs() -> Iterator[Finding]:
    for program, package in PROGRAMS.items():
        if shutil.which(program) is None:
            text = f"the program {program} is missing: apt-get install {package}"
            yield Finding(HERE, State.PROBLEM, text)


def _keys(site: Site, hosts: list[Host]) -> Iterator[Finding]:
    """Private keys exist, and are readable by their owner alone; none lies in git."""
    ways = [access for host in hosts for access in (host.ssh, host.verify) if access is not None]
    given = {access.identity_file for access in ways if access.identity_file is not None}
    there = {path for path in given if path.is_file()}
    for path in sorted(given - there):
        yield Finding(HERE, State.PROBLEM, f"{path}: the key isn't there (identity_file)")
    own = sorted({*_private_keys(site.path), *there})
    for path in own:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            text = f"{path}: others may use this private key (mode {mode:04o}): chmod 600 it"
            yield Finding(HERE, State.PROBLEM, text)
    for path in _in_git(site.path, own):
        text = f"{path}: this private key is in git: take it out of there, and replace it"
        yield Finding(HERE, State.PROBLEM, text)


def _private_keys(folder: Path) -> Iterator[Path]:
    for path in _own_files(folder):
        try:
            with path.open("rb") as file:
                first = file.readline(100)
        except OSError:
            continue  # what can't be read here leaks nothing here
        if first.startswith(PRIVATE_KEY) and b"PRIVATE KEY" in first:
            yield path


def _own_files(folder: Path) -> Iterator[Path]:
    """Yield the regular files of a site; the lab's hosts and the records of runs aren't its own."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in NOT_SEARCHED)
        paths = (Path(root, name) for name in sorted(names))
        yield from (path for path in paths if path.is_file() and not path.is_symlink())


def _in_git(folder: Path, paths: list[Path]) -> list[Path]:
    if not paths or shutil.which("git") is None:
        return []
    command = ["git", "-C", str(folder), "ls-files", "-z", "--error-unmatch", "--"]
    tracked = [
        subprocess.run([*command, str(path)], capture_output=True, check=False) for path in paths
    ]
    return [path for path, done in zip(paths, tracked, strict=True) if done.returncode == 0]


def _known_hosts(site: Site, hosts: list[Host]) -> Iterator[Finding]:
    """Every host has a key in the site's known_hosts: there is no trust on first use."""
    if not _decides_known_hosts(site) or shutil.which("ssh-keygen") is None:
        return
    for host in hosts:
        name = str(host.address)
        if host.ssh.port not in {None, 22}:
            name = f"[{name}]:{host.ssh.port}"
        if not _is_known(site.known_hosts_file, name):
            text = f"{site.known_hosts_file} has no key of {host.name} ({name})"
            yield Finding(HERE, State.PROBLEM, text)


def _decides_known_hosts(site: Site) -> bool:
    """Whether the site says which file counts; an operator's own configuration may name another."""
    return site.config_file is None


def _is_known(path: Path, name: str) -> bool:
    command = ["ssh-keygen", "-F", name, "-f", str(path)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _folder(runs: Path) -> Iterator[Finding]:
    """Runs can be kept: the folder, or the nearest that there is above it, can be written."""
    there = next(folder for folder in (runs, *runs.resolve().parents) if folder.exists())
    if not there.is_dir():
        yield Finding(HERE, State.PROBLEM, f"{there}: is no folder, so no run can be kept there")
    elif not _writable(there):
        yield Finding(HERE, State.PROBLEM, f"{there}: can't be written, so no run can be kept")


def _writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
