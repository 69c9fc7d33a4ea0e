"""Run the baseline tests as pytest runs them, in a process of their own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ringfence.errors import ToolError, UsageError
from ringfence.side_by_side import HOSTS_AT_ONCE
from ringfence.site import Host, Site
from ringfence.verify.results import Results

JUDGED = (0, 1, 5)  # all green, something red, every test settled before it ran
USAGE = 4
LAST_LINES = 12


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
    results = folder / "results.json"
    kept = ["--from-snapshot", str(from_snapshot)] if from_snapshot else []
    command = [
        *(sys.executable, "-m", "pytest"),
        *pytest_arguments(site, hosts, controls, as_deployer, parallel),
        *("--results", str(results), "--snapshots", str(folder / "snapshot"), *kept),
        *("-p", "testinfra.plugin", "-p", "ringfence.verify.plugin"),
        *("-q", "--no-header", "--tb=short", "--color=no", "-p", "no:cacheprovider"),
        *("-o", "addopts=--strict-markers --import-mode=importlib"),
        f"--rootdir={site.house.root}",
    ]
    log = folder / "pytest.log"
    heard, told = os.pipe()
    with log.open("wb") as output, os.fdopen(heard) as progress:
        process = subprocess.Popen(
            [*command, "--progress", str(told)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ
            | {
                "RINGFENCE_HOUSE": str(site.house.root),
                # Plugins that happen to be installed cost more than the whole suite.
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            },
            pass_fds=[told],
        )
        os.close(told)
        try:
            for step in progress:
                tell(step.strip())
            status = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if status not in JUDGED or not results.exists():
        said = log.read_text(errors="replace").strip().splitlines()[-LAST_LINES:]
        sentence = "\n".join(line.removeprefix("ERROR: ") for line in said)
        if status == USAGE:
            raise UsageError(sentence)
        raise ToolError(f"pytest ended with {status}, so nothing is judged ({log}):\n{sentence}")
    return Results.load(results)
