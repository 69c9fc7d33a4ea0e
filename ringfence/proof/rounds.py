"""Which sabotages may be tried side by side, in the files' order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ringfence.proof.sabotages import Case, Sabotage

WAYS_A_ROLE = 4
"""In how many ways one round may break a role."""
WAYS_WITH_A_REBOOT = 6
"""The same of rounds that reboot a host twice, which takes longer than to try a few again."""


@dataclass(frozen=True)
class Trial:
    """One case that is tried on a host."""

    control: str
    roles: tuple[str, ...]
    """The roles that serve the control: a repair applies all of them."""
    number: int
    """The case's place among those of its control, from 1."""
    case: Case

    @property
    def name(self) -> str:
        """How it is called: `SSH-01-3`."""
        return f"{self.control}-{self.number}"


def trials_of(sabotages: Iterable[Sabotage], roles_of: Mapping[str, list[str]]) -> list[Trial]:
    """Return a trial for each case, in the files' order."""
    return [
        Trial(sabotage.control, tuple(roles_of[sabotage.control]), number, case)
        for sabotage in sabotages
        for number, case in enumerate(sabotage.cases, start=1)
    ]


def touched(sabotages: Iterable[Sabotage]) -> list[str]:
    """Return the controls that sabotages turn red: their own, and those that rightly fail too."""
    every = [
        name
        for sabotage in sabotages
        for name in (sabotage.control, *(also for case in sabotage.cases for also in case.also))
    ]
    return list(dict.fromkeys(every))


def sample(trials: Iterable[Trial]) -> list[Trial]:
    """Return a few of the trials, in their order, in which every test fails once.

    The one that makes the most tests fail that no other has yet is taken first (greedy set cover).
    """
    left = list(trials)
    unseen = {test for trial in left for test in _tests(trial)}
    chosen = []
    while unseen:
        best = max(left, key=lambda trial: len(unseen & _tests(trial)))
        chosen.append(best)
        unseen -= _tests(best)
    return [trial for trial in left if trial in chosen]


def among(sabotages: Mapping[str, Sabotage], trials: Iterable[Trial]) -> dict[str, Sabotage]:
    """Return the sabotages with those cases alone that are tried."""
    tried = {(trial.control, trial.case.name) for trial in trials}
    chosen = {
        control: [case for case in sabotage.cases if (control, case.name) in tried]
        for control, sabotage in sabotages.items()
    }
    return {
        control: sabotages[control].model_copy(update={"cases": cases})
        for control, cases in chosen.items()
        if cases
    }


def one_by_one(trials: Iterable[Trial]) -> list[list[Trial]]:
    """Return rounds of one trial each."""
    return [[trial] for trial in trials]


def side_by_side(trials: Iterable[Trial]) -> list[list[Trial]]:
    """Return few rounds: none breaks a test twice, or a role in too many ways.

    A case that says so has a round for itself. What needs a reboot meets what needs one too: others
    may be undone by it. What disturbs other hosts meets what does, too.

    Sabotages of one role may undo each other, so the fewer of them meet, the less is tried again.
    """
    by_role: dict[str, list[Trial]] = {}
    for trial in trials:
        by_role.setdefault(trial.roles[0], []).append(trial)
    rounds: list[list[Trial]] = []
    for of_role in by_role.values():
        for trial in of_role:
            fitting = [broken for broken in rounds if _fits(trial, broken)]
            if fitting:
                min(fitting, key=lambda broken: _of_its_roles(trial, broken)).append(trial)
            else:
                rounds.append([trial])
    return rounds


def disturbs(trials: Iterable[Trial]) -> bool:
    """Return whether a round makes other hosts red."""
    return any(trial.case.disturbs for trial in trials)


def _fits(trial: Trial, broken: list[Trial]) -> bool:
    if any(one.case.alone for one in (trial, *broken)):
        return False
    if any(one.case.reboot is not trial.case.reboot for one in broken):
        return False
    if disturbs(broken) is not trial.case.disturbs:
        return False
    others = {test for other in broken for test in _tests(other)}
    most = WAYS_WITH_A_REBOOT if trial.case.reboot else WAYS_A_ROLE
    return _tests(trial).isdisjoint(others) and _of_its_roles(trial, broken) < most


def _tests(trial: Trial) -> set[tuple[str, str]]:
    return {(trial.control, test) for test in trial.case.fails}


def _of_its_roles(trial: Trial, broken: list[Trial]) -> int:
    """Count the trials of the role of `trial` that has the most of them."""
    return max(sum(role in other.roles for other in broken) for role in trial.roles)
