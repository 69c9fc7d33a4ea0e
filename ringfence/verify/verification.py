"""One verification, from the choice of hosts to the kept run."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ringfence.catalogue import load_catalogue
from ringfence.errors import UsageError
from ringfence.side_by_side import HOSTS_AT_ONCE
from ringfence.site import Host, Site
from ringfence.verify.results import Results, TestResult
from ringfence.verify.runs import Run, describe_hosts, new_run_folder, provenance
from ringfence.verify.suite import run_suite
from ringfence.verify.verdicts import Verdict


def verify(
    site: Site,
    runs: Path,
    command: str,
    hosts: list[Host],
    controls: str | None = None,
    from_snapshot: Path | None = None,
    tell: Callable[[str], None] = lambda _step: None,
    as_deployer: bool = False,
    parallel: int = HOSTS_AT_ONCE,
) -> tuple[Run, Path]:
    """Judge the chosen hosts and keep the run.

    Args:
        site: the site.
        runs: the folder in which the run's folder is made.
        command: what the operator typed, for the run's provenance.
        hosts: the hosts that are judged.
        controls: ids of controls, comma separated; None means all.
        from_snapshot: a run's folder, or its snapshot folder: judge its answers, ask no host.
        tell: hears each step, as `run_suite` says.
        as_deployer: ask as the account that deploys, though the site has one that verifies.
        parallel: how many hosts are asked at a time.

    Returns:
        The run, with one outcome for every chosen control of every chosen host, and its folder.

    Raises:
        UsageError: nothing matches, or no chosen control applies to any chosen host.
    """
    started_at = datetime.now(UTC)
    if not hosts:
        raise UsageError(f"{site.path / 'hosts.yml'}: the site has no host")
    catalogue = load_catalogue(site.house)
    chosen = catalogue.select(controls)
    if all(control.inapplicable(host) for control in chosen.values() for host in hosts):
        raise UsageError("none of the chosen controls applies to any of the chosen hosts")
    kept = _snapshot_folder(from_snapshot)
    folder = new_run_folder(runs)
    results = run_suite(site, hosts, controls, folder, kept, tell, as_deployer, parallel)
    results = complete(results, [host.name for host in hosts], list(chosen))
    run = Run(
        id=folder.name,
        provenance=provenance(site, catalogue, command, started_at),
        hosts=describe_hosts(site, [host.name for host in hosts]),
        controls={identifier: catalogue.describe(identifier) for identifier in chosen},
        results=results,
    )
    run.save(folder)
    return run, folder


def complete(results: Results, hosts: list[str], controls: list[str]) -> Results:
    """Return ``results`` with an ``error`` for each host and control that has no outcome."""
    settled = {(test.host, test.control) for test in results.tests}
    missing = [
        TestResult(host, control, "", Verdict.ERROR, "no test measured this control on this host")
        for host in hosts
        for control in controls
        if (host, control) not in settled
    ]
    return replace(results, tests=[*results.tests, *missing])


def exit_code(run: Run) -> int:
    """Return 0 when something was measured and nothing is red, else 1."""
    outcomes = run.results.by_control()
    red = any(outcome.verdict.is_red for outcome in outcomes)
    measured = any(outcome.verdict.is_measured for outcome in outcomes)
    return 0 if measured and not red else 1


def _snapshot_folder(folder: Path | None) -> Path | None:
    if folder is None:
        return None
    inside = folder / "snapshot"
    return inside if inside.is_dir() else folder
