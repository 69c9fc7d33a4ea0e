"""Run the baseline tests as pytest runs them, in processes of their own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ringfence.catalogue import load_catalogue
from ringfence.errors import ToolError, UsageError
from ringfence.side_by_side import HOSTS_AT_ONCE
from ringfence.site import Host, Site
from ringfence.verify.division import Group, asked, divided
from ringfence.verify.results import Results, TestResult
from ringfence.verify.verdicts import Verdict

USAGE = 4
SPARED = (
    *("cacheprovider", "doctest", "faulthandler", "junitxml", "logging", "pastebin", "stepwise"),
    *("threadexception", "unraisableexception"),
)
"""Plugins of pytest that a verification has no use for; each is called several times a test."""
LAST_LINES = 12
KILLED = "its tests were not judged: the process that judged them was killed (is there memory?)"


def pytest_arguments(
    site: Site,
    hosts: list[Host],
    controls: str | None,
    as_deployer: bool = False,
    parallel: int = HOSTS_AT_ONCE,
) -> list[str]:
    """Return the arguments that an operator would give pytest for the same verification."""
    names = ",".join(f"ringfence://{host.name}" for host in hosts)
    chosen = ["--controls", controls] if controls else []
    chosen += ["--as-deployer"] if as_deployer else []
    chosen += ["--hosts-at-once", str(parallel)] if parallel < len(hosts) else []
    suite = os.path.relpath(site.house.baseline_dir)
    return [suite, "--site", os.path.relpath(site.path), f"--hosts={names}", *chosen]


def run_suite(
    site: Site,
    hosts: list[Host],
    controls: str | None,
    folder: Path,
    from_snapshot: Path | None = None,
    tell: Callable[[str], None] = lambda _step: None,
    as_deployer: bool = False,
    parallel: int = HOSTS_AT_ONCE,
) -> Results:
    """Judge ``hosts`` and leave results.json, snapshots and pytest's output in ``folder``.

    ``tell`` hears ``asked HOST`` when a host has answered, ``lost HOST`` when it did not,
    ``tests HOST COUNT`` before the first test, and ``judged HOST`` after each.

    Raises:
        UsageError: pytest refused the call (an unknown control, a site that is wrong).
        ToolError: pytest ended without results.
    """
    parts = folder / "parts"
    parts.mkdir(mode=0o700)
    names, at_once = divided(hosts, parallel)
    heard, told = os.pipe()
    options = [
        *(word for plugin in SPARED for word in ("-p", f"no:{plugin}")),
        *("-q", "--no-header", "--tb=native", "--color=no", "--capture=no"),
        *("-o", "addopts=--strict-markers --import-mode=importlib"),
        *(f"--rootdir={site.house.root}", "--progress", str(told)),
        *("--snapshots", str(folder / "snapshot")),
        *(("--from-snapshot", str(from_snapshot)) if from_snapshot else ()),
    ]
    groups = [
        Group(
            arguments=[
                *pytest_arguments(site, those, controls, as_deployer, parallel),
                *options,
                *("--results", str(parts / f"{number}.json")),
            ],
            log=str(parts / f"{number}.log"),
        )
        for number, those in enumerate(names)
    ]
    with os.fdopen(heard) as progress:
        process = _start(site, groups, at_once, told, parts / "groups.log")
        os.close(told)
        try:
            for step in progress:
                tell(step.strip())
            status = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    return _joined(
        folder, parts, len(groups), status, lambda number: _killed(site, names[number], controls)
    )


def _start(
    site: Site, groups: Sequence[Group], at_once: int, told: int, log: Path
) -> "subprocess.Popen[str]":
    environment = {
        "RINGFENCE_HOUSE": str(site.house.root),
        # Plugins that happen to be installed cost more than the whole suite.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "MALLOC_ARENA_MAX": "2",  # a thread for each host would hold memory (mallopt(3))
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "ringfence.verify.groups"],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | environment,
            pass_fds=[told],
        )
    assert process.stdin is not None
    with process.stdin as pipe:
        pipe.write(asked(groups, at_once))
    return process


def _killed(site: Site, hosts: Sequence[Host], controls: str | None) -> list[TestResult]:
    """Return the outcomes of the hosts of a group whose process was killed."""
    known = load_catalogue(site.house).select(controls).values()
    found = []
    for host in hosts:
        for control in known:
            reason = control.inapplicable(host)
            verdict = Verdict.ERROR if reason is None else Verdict.NOT_APPLICABLE
            found.append(TestResult(host.name, control.id, "", verdict, reason or KILLED))
    return found


def _joined(
    folder: Path,
    parts: Path,
    groups: int,
    status: int,
    killed: Callable[[int], list[TestResult]],
) -> Results:
    """Return what all groups found, and leave the output of all in pytest.log.

    ``killed`` returns the outcomes of a group that left no results.
    """
    log = folder / "pytest.log"
    with log.open("wb") as output:
        for name in ("groups", *range(groups)):
            part = parts / f"{name}.log"
            output.write(part.read_bytes() if part.exists() else b"")
    judged = [number for number in range(groups) if (parts / f"{number}.json").exists()]
    if status or not judged:
        sentence = _last_words(parts, groups)
        if status == USAGE:
            raise UsageError(sentence)
        how = f"ended with {status}" if status else "was killed"
        raise ToolError(f"pytest {how}, so nothing is judged ({log}):\n{sentence}")
    found = Results()
    for number in range(groups):
        if number not in judged:
            found.tests += killed(number)
            continue
        one = Results.load(parts / f"{number}.json")
        found.tests += one.tests
        found.unreachable |= one.unreachable
        found.live_commands |= one.live_commands
    found.save(folder / "results.json")
    shutil.rmtree(parts)
    return found


def _last_words(parts: Path, groups: int) -> str:
    """Return what the first group said that began and left no results, or refused its call."""
    begun = [n for n in range(groups) if (parts / f"{n}.log").exists()]
    said = {n: (parts / f"{n}.log").read_text(errors="replace").strip() for n in begun}
    failed = [n for n in begun if not (parts / f"{n}.json").exists()]
    refused = [n for n in begun if "\nERROR: " in f"\n{said[n]}"]
    words = [said[n] for n in (*failed, *refused)]
    lines = (words or [(parts / "groups.log").read_text(errors="replace").strip()])[0].splitlines()
    errors = [number for number, line in enumerate(lines) if line.startswith("ERROR: ")]
    told = lines[errors[0] :] if errors else lines
    return "\n".join(line.removeprefix("ERROR: ") for line in told[-LAST_LINES:])
