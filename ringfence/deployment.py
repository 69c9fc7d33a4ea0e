"""Run pyinfra as an operator would, and give every host an outcome.

pyinfra is driven through its command line: its API merges unrelated operations of different hosts.
Its exit code says nothing of hosts that are missing, so the JSON document is judged instead.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ringfence.effects import (
    FileChange,
    ThingChange,
    Told,
    UnitAct,
    acts_done,
    acts_to_come,
    by_host,
)
from ringfence.errors import ToolError
from ringfence.operations.environment import EFFECTS
from ringfence.pyinfra_process import ANSWERS, QUESTIONS
from ringfence.pyinfra_steps import ABOUT_HOST, STARTED, Heard
from ringfence.side_by_side import HOSTS_AT_ONCE
from ringfence.site import Host, Site
from ringfence.steps import Say
from ringfence.unchanged import Answers, lines_of

TROUBLE = re.compile(r"ringfence:|error|fail|could not|cannot|refused|timed out", re.IGNORECASE)
FAILED = "Error: executed "
"""How pyinfra tells that an operation failed, with a number of commands that helps nobody."""
LOST = re.compile(r"said nothing for|SSH session not active|connection has ended")
"""How it is told that a host's connection has ended: what follows is of that, and no news."""
NO_HOST_LEFT = "No hosts remaining"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class HostOutcome:
    """What a deploy did, or would do, on one host; operations by name."""

    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    completed: bool = True
    guard: list[str] = field(default_factory=list)
    """What the guard did, in its words."""
    reverted: str = ""
    """Why the host was put back as it was; empty when it wasn't."""
    files: list[FileChange] = field(default_factory=list)
    """What a plan found that would change about files."""
    things: list[ThingChange] = field(default_factory=list)
    """What a plan found that would become of packages, accounts, settings and modes."""
    units: list[UnitAct] = field(default_factory=list)
    """What was restarted, reloaded, started or stopped, or would be."""
    reboot: str = ""
    """Why the host is due for a reboot, as a plan finds it; empty when it isn't."""


@dataclass(frozen=True)
class Deployment:
    """The outcome of one run of pyinfra, by host; every host asked for is in it."""

    dry: bool
    hosts: dict[str, HostOutcome]
    told: dict[str, list[Told]] = field(default_factory=dict)
    """By host, what the operations told of their effects."""

    @property
    def changes(self) -> int:
        """How many operations changed, or would change, something on a host."""
        return sum(len(outcome.changed) for outcome in self.hosts.values())

    @property
    def failed(self) -> bool:
        """Whether any host has a failed operation, or did not come to the end."""
        return any(outcome.failed or not outcome.completed for outcome in self.hosts.values())


def pyinfra_arguments(
    site: Site,
    hosts: list[Host] | None,
    roles: str | None,
    dry: bool,
    parallel: int = HOSTS_AT_ONCE,
) -> list[str]:
    """Return the arguments that an operator would give pyinfra for the same run."""
    among = len(site.hosts if hosts is None else hosts)
    limit = [part for host in hosts or () for part in ("--limit", host.name)]
    chosen = ["--data", f"roles={roles}"] if roles else []
    # Guarded or not is decided outside pyinfra, so the roles need not demand it (roles.apply).
    chosen += [] if dry else ["--data", "guard=off"]
    return [
        *(["--dry"] if dry else ["-y"]),
        *(["--parallel", str(parallel)] if parallel < among else []),
        *limit,
        *chosen,
        os.path.relpath(site.path / "inventory.py"),
        os.path.relpath(site.house.deploys_dir / "site.py"),
    ]


def deploy(
    site: Site,
    hosts: list[Host],
    roles: str | None,
    dry: bool,
    log: Path,
    say: Say,
    watch: Callable[["subprocess.Popen[str]"], None] = lambda _process: None,
    questions: Path | None = None,
    parallel: int = HOSTS_AT_ONCE,
    answers: Answers | None = None,
) -> Deployment:
    """Plan (``dry``) or apply the roles of ``hosts``, and keep pyinfra's words in ``log``.

    Args:
        site: the site.
        hosts: the hosts, at least one.
        roles: names of roles, comma separated; None means each host's own.
        dry: change nothing.
        log: the file for pyinfra's own output.
        say: told the name of each operation when it starts, for every host.
        watch: given the process of pyinfra when it has started.
        questions: a file in which each command that it asked is kept (`ringfence.unchanged`).
        parallel: how many hosts pyinfra works on at a time.
        answers: what hosts have answered already: until something is done to a host, pyinfra asks
            it for the rest alone.

    Raises:
        ToolError: pyinfra ended without its JSON document; the sentence has its last words.
    """
    command = [
        *(sys.executable, "-m", "ringfence.pyinfra_process", "--json"),
        *pyinfra_arguments(site, hosts, roles, dry, parallel),
    ]
    environment = os.environ | {
        "RINGFENCE_HOUSE": str(site.house.root),
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(site.house.root), os.environ.get("PYTHONPATH")])
        ),
    }
    if questions is not None:
        environment[QUESTIONS] = str(questions)
    said: list[str] = []
    heard = Heard([host.name for host in hosts], dry, say)
    with (
        log.open("w", buffering=1) as kept,
        tempfile.TemporaryFile("w+") as effects,
        # Not a pipe: nobody would empty it while the words beside it are read, and it holds 64 KiB.
        tempfile.TemporaryFile("w+", errors="replace") as document,
        # Nor a file with a name: what hosts answer is nobody else's to read.
        tempfile.TemporaryFile("w+") as given,
    ):
        environment[EFFECTS] = str(effects.fileno())
        environment[ANSWERS] = str(given.fileno())
        json.dump(_as_lines(answers or {}), given)
        given.seek(0)
        kept.write(f"+ {shlex.join(command)}\n")
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=document,
            stderr=subprocess.PIPE,
            env=environment,
            pass_fds=[effects.fileno(), given.fileno()],
            text=True,
            errors="replace",
        )
        watch(process)
        assert process.stderr is not None
        try:
            for raw in process.stderr:
                line = COLOUR.sub("", raw).rstrip()
                kept.write(line + "\n")
                said.append(line)
                heard.line(line)
            status = process.wait()
        except KeyboardInterrupt:
            # Each operation replaces its files at once or not at all, so the hosts stay
            # consistent wherever it ends; the next run does the rest.
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
        effects.seek(0)
        told = by_host(effects)
        document.seek(0)
        printed = document.read()
    try:
        report = json.loads(printed)
        outcome = _outcomes(report, [host.name for host in hosts], dry, said)
        outcome = _with_effects(outcome, told)
        return _with_failed_plans(outcome) if dry and status else outcome
    except (ValueError, KeyError, TypeError):
        if any(NO_HOST_LEFT in line for line in said):
            return _all_failed([host.name for host in hosts], dry, said)
        raise ToolError(
            f"pyinfra ended with {status} and no result: {last_words(said)} (all of it is in {log})"
        ) from None


def _as_lines(answers: Answers) -> dict[str, dict[str, tuple[int, list[str], list[str]]]]:
    return {
        host: {
            command: (answer.status, lines_of(answer.stdout), lines_of(answer.stderr))
            for command, answer in of_host.items()
        }
        for host, of_host in answers.items()
    }


def _all_failed(names: list[str], dry: bool, said: list[str]) -> Deployment:
    """Return the outcome when every host has failed: pyinfra then prints no document at all."""
    started = [found["name"] for line in said if (found := STARTED.search(line))]
    report = {"plan": [], "results": {"operations": [], "failed_hosts": names}}
    outcome = _outcomes(report, names, dry, said)
    for host in outcome.hosts.values():
        host.completed = False
        host.failed = [] if dry else started[-1:]
    return outcome


def _with_effects(done: Deployment, told: dict[str, list[Told]]) -> Deployment:
    """Add what operations told that pyinfra doesn't: what happens to units."""
    acts = acts_to_come if done.dry else acts_done
    for name, host in done.hosts.items():
        host.units = acts(told.get(name, []))
    return replace(done, told=told)


def _with_failed_plans(planned: Deployment) -> Deployment:
    """Mark the hosts whose plan failed: pyinfra's document doesn't name them, its words may."""
    troubled = [host for host in planned.hosts.values() if host.trouble]
    for host in troubled or planned.hosts.values():
        host.completed = False
    return planned


def last_words(said: list[str]) -> str:
    """Return the sentence with which a program ended: of a traceback, its last line alone."""
    lines = [line for line in said if line.strip()]
    sentences = [line for line in lines if not line[0].isspace()] or lines
    return sentences[-1].strip() if sentences else "it said nothing"


def _outcomes(report: dict[str, Any], names: list[str], dry: bool, said: list[str]) -> Deployment:
    hosts = {name: HostOutcome() for name in names}
    operations = report["plan"] if dry else report["results"]["operations"]
    for operation in operations:
        name = " / ".join(operation["names"]) or operation["name"]
        lists = (
            ("changed", "hosts_with_change" if dry else "success"),
            ("changed", "hosts_with_conditional_change" if dry else ""),
            ("unchanged", "" if dry else "no_change"),
            ("failed", "" if dry else "error"),
        )
        for attribute, key in lists:
            for host in operation[key] if key else ():
                getattr(hosts[host], attribute).append(name)
    for host, sentence in _troubles(said):
        if host in hosts:
            hosts[host].trouble.append(sentence)
            if dry and LOST.search(sentence):  # planned as if it had nothing of what it has
                hosts[host].changed = []
    for name in [] if dry else report["results"]["failed_hosts"]:
        hosts[name].completed = False
    return Deployment(dry, hosts)


def _troubles(said: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each host with a sentence of what went wrong there.

    Those are the sentences that sound like it, and whatever a program said last before pyinfra told
    that its operation failed.
    """
    before: dict[str, str] = {}
    lost: set[str] = set()
    for line in said:
        if STARTED.search(line):
            before.clear()
        elif (about := ABOUT_HOST.match(line)) and about["host"] not in lost:
            host, text = about["host"], about["text"]
            if LOST.search(text):
                lost.add(host)
            if text.startswith(FAILED) and host in before:
                if not TROUBLE.search(before[host]):
                    yield host, before[host]
            elif TROUBLE.search(text):
                yield host, text
            before[host] = text
