"""What was proven, as ``proofs.json`` keeps it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version

from ringfence.catalogue.proofs import Proof
from ringfence.proof.proving import CaseOutcome
from ringfence.proof.sabotages import Sabotage

TOOLS = ("ringfence", "pyinfra", "pytest-testinfra")


def proofs_from(
    outcomes: Iterable[CaseOutcome],
    sabotages: dict[str, Sabotage],
    releases: dict[str, str],
    subjects: dict[str, str],
) -> dict[str, Proof]:
    """Return the proof of each control whose every case was proven wherever it applies.

    Args:
        outcomes: all outcomes, of all hosts.
        sabotages: by control.
        releases: the Debian release of each host.
        subjects: by control, the digest of what is proven.
    """
    by_control: dict[str, list[CaseOutcome]] = {}
    for outcome in outcomes:
        by_control.setdefault(outcome.control, []).append(outcome)
    return {
        control: _proof(sabotages[control], found, releases, subjects[control])
        for control, found in by_control.items()
        if not faults_of(sabotages[control], found)
    }


def faults_of(sabotage: Sabotage, outcomes: list[CaseOutcome]) -> list[str]:
    """Return why a control is not proven: the faults of its cases, and cases proven nowhere."""
    faults = [
        f"{outcome.host}: {sabotage.control}: {outcome.case}: {fault}"
        for outcome in outcomes
        for fault in outcome.faults
    ]
    proven = {outcome.case for outcome in outcomes if outcome.proven}
    faults += [
        f"{sabotage.control}: {case.name}: was proven on no host"
        for case in sabotage.cases
        if case.name not in proven and not any(case.name in fault for fault in faults)
    ]
    return faults


def _proof(
    sabotage: Sabotage, outcomes: list[CaseOutcome], releases: dict[str, str], subject: str
) -> Proof:
    tests: dict[str, list[str]] = {}
    order = [case.name for case in sabotage.cases]
    for outcome in sorted(outcomes, key=lambda outcome: order.index(outcome.case)):
        for test in outcome.tests if outcome.proven else ():
            caught = tests.setdefault(test, [])
            if outcome.case not in caught:
                caught.append(outcome.case)
    return Proof(
        control=sabotage.control,
        date=datetime.now(UTC).date().isoformat(),
        releases=sorted({releases[outcome.host] for outcome in outcomes if outcome.proven}),
        tests=tests,
        versions={tool: version(tool) for tool in TOOLS},
        subject=subject,
    )
