"""Run the baseline tests as pytest runs them, in a process of their own."""

import os
import subprocess
import sys
from pathlib import Path

from ringfence.errors import ToolError, UsageError
from ringfence.site import Host, Site
from ringfence.verify.results import Results

USAGE = 4
LAST_LINES = 12


def pytest_arguments(site: Site, hosts: list[Host], controls: str | None) -> list[str]:
    """Return the arguments that an operator would give pytest for the same verification."""
    names = ",".join(f"ringfence://{host.name}" for host in hosts)
    chosen = ["--controls", controls] if controls else []
    suite = os.path.relpath(site.house.baseline_dir)
    return [suite, "--site", os.path.relpath(site.path), f"--hosts={names}", *chosen]


def run_suite(
    site: Site,
    hosts: list[Host],
    controls: str | None,
    folder: Path,
    from_snapshot: Path | None = None,
) -> Results:
    """Judge ``hosts`` and leave results.json, snapshots and pytest's output in ``folder``.

    Raises:
        UsageError: pytest refused the call (an unknown control, a site that is wrong).
        ToolError: pytest ended without results.
    """
    results = folder / "results.json"
    kept = ["--from-snapshot", str(from_snapshot)] if from_snapshot else []
    command = [
        *(sys.executable, "-m", "pytest"),
        *pytest_arguments(site, hosts, controls),
        *("--results", str(results), "--snapshots", str(folder / "snapshot"), *kept),
        *("-q", "--no-header", "--tb=short", "--color=no", "-p", "no:cacheprovider"),
        *("-o", "addopts=--strict-markers --import-mode=importlib"),
        f"--rootdir={site.house.root}",
    ]
    log = folder / "pytest.log"
    with log.open("wb") as output:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"RINGFENCE_HOUSE": str(site.house.root)},
            check=False,
        )
    if not results.exists():
        said = log.read_text(errors="replace").strip().splitlines()[-LAST_LINES:]
        sentence = "\n".join(line.removeprefix("ERROR: ") for line in said)
        if ended.returncode == USAGE:
            raise UsageError(sentence)
        raise ToolError(f"pytest ended with {ended.returncode} and no results ({log}):\n{sentence}")
    return Results.load(results)
