"""``ringfence prove``."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import click

from ringfence.catalogue import load_catalogue
from ringfence.catalogue.proofs import save_proofs
from ringfence.cli.documents import of_proof, print_document
from ringfence.cli.options import (
    controls_option,
    json_option,
    limit_option,
    runs_folder,
    runs_option,
    site_argument,
)
from ringfence.cli.progress import Progress
from ringfence.errors import RingfenceError, UsageError
from ringfence.proof.proving import Bench, CaseOutcome, prove_host, require_lab_host
from ringfence.proof.record import faults_of, proofs_from
from ringfence.proof.rounds import Trial, among, disturbs, one_by_one, sample, touched, trials_of
from ringfence.proof.rounds import side_by_side as many_at_a_time
from ringfence.proof.sabotages import Sabotage, load_sabotages
from ringfence.proof.subject import subject_of
from ringfence.side_by_side import side_by_side
from ringfence.site import load_site
from ringfence.verify.runs import new_run_folder

HOSTS_AT_ONCE = 4


@click.command(epilog="Example: ringfence prove inventories/lab --limit bastion1 --control SSH-01")
@site_argument
@limit_option
@controls_option
@click.option("--record", is_flag=True, help="Keep the proofs in roles/proofs.json.")
@click.option("--together", is_flag=True, help="Break many controls at a time: quicker.")
@click.option(
    "--sample",
    "sampled",
    is_flag=True,
    help="As few sabotages as fail each test once, each on one of the hosts that it applies to.",
)
@click.option(
    "--parallel",
    type=click.IntRange(min=1),
    default=HOSTS_AT_ONCE,
    show_default=True,
    help="Break hosts this many at a time: 1 where one host's sabotage is another's trouble.",
)
@json_option
@runs_option
def prove(
    site: Path,
    limit: str | None,
    controls: str | None,
    record: bool,
    together: bool,
    sampled: bool,
    parallel: int,
    as_json: bool,
    runs: Path | None,
) -> int:
    """Break each control on hardened lab hosts; demand red, repair, demand green.

    With --together many controls are broken at once, and what is not proven that way is tried again
    among fewer, in the end alone. It can't show that a sabotage leaves the others' controls alone,
    so with --control it asks only these, and those that the sabotages are known to turn red.
    """
    if record and sampled:
        raise UsageError("--record keeps whole proofs: leave --sample out")
    loaded = load_site(site)
    catalogue = load_catalogue(loaded.house)
    chosen = catalogue.select(controls)
    everything = load_sabotages(loaded.house, catalogue)
    sabotages = {name: everything[name] for name in chosen if name in everything}
    if missing := [name for name in chosen if name not in sabotages]:
        raise UsageError(f"{', '.join(missing)}: has no sabotage in {loaded.house.sabotage_dir}")
    folder = new_run_folder(runs_folder(site, runs))
    hosts = loaded.select(limit)
    progress = Progress(title="prove", hosts=[host.name for host in hosts], lasting=True)
    judged = ",".join(touched(sabotages.values())) if together and controls else None
    watching = frozenset(name for name, one in everything.items() if one.watches)
    benches = [
        Bench(loaded, host, catalogue, folder / host.name, progress.step, judged, watching)
        for host in hosts
    ]
    releases = {bench.host.name: require_lab_host(bench) for bench in benches}
    trials = trials_of(sabotages.values(), catalogue.roles_of)
    if sampled:
        trials = sample(trials)
        sabotages = among(sabotages, trials)
    # Before the first of them, which may be hours: what is changed meanwhile was not proven.
    subjects = {
        control: subject_of(loaded.house, catalogue.roles_of[control], sabotage)
        for control, sabotage in sabotages.items()
    }
    arranged = many_at_a_time(trials) if together else one_by_one(trials)
    with progress:
        shown = _try_in_order(benches, arranged, parallel, _deal if sampled else _try_everywhere)
    outcomes = every = [outcome for found, _ in shown for outcome in found]
    stopped = [sentence for _, sentence in shown if sentence]
    (folder / "outcomes.json").write_text(json.dumps([asdict(o) for o in outcomes], indent=1))
    if sampled:
        nowhere = [trial for trial in trials if _applies_nowhere(trial, outcomes)]
        for trial in [] if as_json else nowhere:
            click.echo(f"{trial.control}: {trial.case.name}: applies to none of these hosts")
        outcomes, sabotages = _without(nowhere, trials, outcomes, sabotages)
    proofs = proofs_from(outcomes, sabotages, releases, subjects)
    if record:
        save_proofs(loaded.house, catalogue.proofs | proofs)
    faults = {
        control: faults_of(sabotage, [o for o in outcomes if o.control == control])
        for control, sabotage in sabotages.items()
    }
    for sentence in [*stopped, *(fault for found in faults.values() for fault in found)]:
        click.echo(f"NOT PROVEN {sentence}", err=True)
    code = 0 if len(proofs) == len(sabotages) and not stopped else 1
    if as_json:
        print_document(of_proof(folder, faults, proofs, stopped, every))
        return code
    cases = sum(outcome.proven for outcome in outcomes)
    shown_as = "seen red in some of their ways" if sampled else "proven"
    click.echo(
        f"{len(proofs)} of {len(sabotages)} controls {shown_as}; {cases} of {len(outcomes)} "
        f"sabotages seen red and repaired on {len(benches)} hosts; "
        f"records: {os.path.relpath(folder)}"
    )
    return code


Shown = tuple[list[CaseOutcome], str]
"""The outcomes on one host, and why it was stopped; empty when it wasn't."""


def _in_folder(benches: list[Bench], name: str) -> list[Bench]:
    """Return the same with a folder more for their records."""
    return [replace(bench, folder=bench.folder / name) for bench in benches]


def _applies_nowhere(trial: Trial, outcomes: list[CaseOutcome]) -> bool:
    found = [o for o in outcomes if (o.control, o.case) == (trial.control, trial.case.name)]
    return bool(found) and all(outcome.not_applicable for outcome in found)


def _without(
    nowhere: list[Trial],
    trials: list[Trial],
    outcomes: list[CaseOutcome],
    sabotages: dict[str, Sabotage],
) -> tuple[list[CaseOutcome], dict[str, Sabotage]]:
    """Return outcomes and sabotages without those that apply nowhere.

    They stay of a control of which nothing applies: it is none that was seen red.
    """
    kept = among(sabotages, [trial for trial in trials if trial not in nowhere])
    gone = {(trial.control, trial.case.name) for trial in nowhere if trial.control in kept}
    return [o for o in outcomes if (o.control, o.case) not in gone], sabotages | kept


def _try_in_order(
    benches: list[Bench],
    rounds: list[list[Trial]],
    parallel: int,
    try_all: Callable[[list[Bench], list[list[Trial]], int], list[Shown]],
) -> list[Shown]:
    """Try what leaves other hosts alone; then what disturbs them, on one host after another."""
    quiet = [trials for trials in rounds if not disturbs(trials)]
    loud = [trials for trials in rounds if disturbs(trials)]
    shown = try_all(benches, quiet, parallel)
    return shown + try_all(_in_folder(benches, "one-at-a-time"), loud, 1)


def _try_everywhere(benches: list[Bench], rounds: list[list[Trial]], parallel: int) -> list[Shown]:
    """Try each round on each host."""
    if not rounds:
        return []
    return side_by_side(benches, lambda bench: _prove(bench, rounds), parallel)


def _deal(benches: list[Bench], rounds: list[list[Trial]], parallel: int) -> list[Shown]:
    """Try each round on one of the hosts, in turn; what doesn't apply there, on the others."""
    shares = {bench.host.name: rounds[n :: len(benches)] for n, bench in enumerate(benches)}
    busy = [bench for bench in benches if shares[bench.host.name]]
    shown = side_by_side(busy, lambda each: _prove(each, shares[each.host.name]), parallel)
    not_here = {
        (outcome.control, outcome.case)
        for found, _ in shown
        for outcome in found
        if outcome.not_applicable
    }
    left = [
        trial
        for trials in rounds
        for trial in trials
        if (trial.control, trial.case.name) in not_here
    ]
    if not left or len(benches) == 1:
        return shown
    again = many_at_a_time(left)
    return shown + _try_everywhere(_in_folder(benches, "elsewhere"), again, parallel)


def _prove(bench: Bench, rounds: list[list[Trial]]) -> Shown:
    outcomes: list[CaseOutcome] = []
    name, trials = bench.host.name, sum(map(len, rounds))
    bench.say(name, "is it at its baseline")
    try:
        for outcome in prove_host(bench, rounds):
            outcomes.append(outcome)
            tried = f"{len(outcomes)} of {trials} sabotages tried"
            bench.say(name, tried, len(outcomes) / trials, failed=bool(outcome.faults))
    except RingfenceError as error:
        bench.say(name, "stopped", 1.0, failed=True)
        return outcomes, str(error)
    return outcomes, ""
