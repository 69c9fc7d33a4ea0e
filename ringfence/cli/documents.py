"""What ``--json`` prints of a deploy, a verification and a proof."""

import json
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ringfence.verify.results import count_by_verdict
from ringfence.verify.runs import Run

if TYPE_CHECKING:  # they load pyinfra, for which a verification would wait half a second
    from ringfence.deployment import Deployment
    from ringfence.guard.states import Kept
    from ringfence.proof.proving import CaseOutcome
    from ringfence.rollout import Wave


def print_document(content: Any) -> None:
    """Print one JSON document on standard output."""
    click.echo(json.dumps(content, indent=2, ensure_ascii=False))


def of_deployment(outcome: "Deployment") -> dict[str, Any]:
    """Return every host's outcome: ``changed``, or with ``dry`` what would change, and the rest."""
    return {
        "dry": outcome.dry,
        "changes": outcome.changes,
        "failed": outcome.failed,
        "hosts": {name: asdict(host) for name, host in sorted(outcome.hosts.items())},
    }


def of_waves(waves: "list[Wave]") -> dict[str, Any]:
    """Return the outcome of every wave and host, also of those that were not begun."""
    return {
        "failed": not all(wave.is_well for wave in waves),
        "hosts": {name: text for wave in waves for name, text in sorted(wave.outcomes.items())},
        "waves": [_of_wave(wave) for wave in waves],
    }


def _of_wave(wave: "Wave") -> dict[str, Any]:
    document = {"wave": wave.number, "outcome": wave.outcome, "hosts": list(wave.outcomes)}
    if wave.brought:
        document["apply"] = of_deployment(wave.brought.deployment)
        if wave.brought.run and wave.brought.run_folder:
            document["verify"] = of_run(wave.brought.run, wave.brought.run_folder)
    return document


def of_states(found: "dict[str, list[Kept] | str]") -> dict[str, Any]:
    """Return the runs that changed each host, the newest first, or what is the trouble with it.

    `changes` is null for a run that can't be undone any more.
    """
    return {
        "hosts": {
            name: {"trouble": known}
            if isinstance(known, str)
            else {"runs": [kept._asdict() for kept in reversed(known)]}
            for name, known in found.items()
        }
    }


def of_proof(
    folder: Path,
    faults: dict[str, list[str]],
    proven: Collection[str],
    stopped: list[str],
    outcomes: "list[CaseOutcome]",
) -> dict[str, Any]:
    """Return whether each control was proven, and what each of its cases showed on each host.

    Args:
        folder: where the records are.
        faults: by control, why it is not proven; for every control that was tried.
        proven: the controls that are.
        stopped: why nothing more was tried on a host.
        outcomes: all outcomes, of all hosts; a case that doesn't apply to a host says why.
    """
    return {
        "folder": str(folder.resolve()),
        "stopped": stopped,
        "controls": [
            {"control": control, "proven": control in proven, "faults": found}
            for control, found in faults.items()
        ],
        "cases": [asdict(outcome) | {"proven": outcome.proven} for outcome in outcomes],
    }


def of_run(run: Run, folder: Path) -> dict[str, Any]:
    """Return the verdict of each control on each host; the tests stand in ``results.json``."""
    outcomes = run.results.by_control()
    return {
        "run": run.id,
        "folder": str(folder.resolve()),
        "counts": {v.value: count for v, count in count_by_verdict(outcomes).items()},
        "controls": [
            {
                "host": outcome.host,
                "control": outcome.control,
                "verdict": outcome.verdict.value,
                "message": outcome.message,
            }
            for outcome in outcomes
        ],
    }
