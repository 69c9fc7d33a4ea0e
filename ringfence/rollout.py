"""Many hosts, wave after wave: the first wave in which a host is not well is the last one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ringfence.deployment import Deployment, HostOutcome
from ringfence.errors import RingfenceError
from ringfence.site import Host
from ringfence.verify.runs import Run

WELL = "passed"
APPLIED = "applied, not verified"
FEW = 5


@dataclass(frozen=True)
class Brought:
    """What one wave came to: its apply and, if there was one, its verification."""

    deployment: Deployment
    apply_folder: Path
    run: Run | None = None
    run_folder: Path | None = None


@dataclass
class Wave:
    """One wave, and what is known of it so far."""

    number: int
    hosts: list[Host]
    outcome: str = "not begun"
    outcomes: dict[str, str] = field(default_factory=dict)
    """By host's name: `passed`, `applied, not verified`, or why not."""
    brought: Brought | None = None

    @property
    def is_well(self) -> bool:
        """Whether every host of it is."""
        return self.outcome == WELL


def roll_out(
    waves: Sequence[Sequence[Host]],
    bring: Callable[[Wave], Brought],
    keep: Callable[[list[Wave]], None],
) -> list[Wave]:
    """Bring wave after wave to its baseline, and stop after one that isn't well.

    Args:
        waves: the hosts of each wave.
        bring: applies and verifies one wave.
        keep: keeps the record, in which every host has an outcome; called before the first wave and
            after each, so that a run that is killed has one too.

    Returns:
        The waves; those that were not begun say because of which.

    Raises:
        Whatever `bring` raises, after the record is kept.
    """
    all_waves = [Wave(number, list(hosts)) for number, hosts in enumerate(waves, start=1)]
    for wave in all_waves:
        _set_all(wave, "not begun")
    keep(all_waves)
    for wave in all_waves:
        _set_all(wave, "begun")
        keep(all_waves)
        try:
            wave.brought = bring(wave)
        except BaseException as error:
            told = str(error) if isinstance(error, RingfenceError) else "interrupted"
            _set_all(wave, f"failed: {told}")
            _stop(all_waves, wave, "failed" if isinstance(error, RingfenceError) else told)
            keep(all_waves)
            raise
        wave.outcomes = host_outcomes(wave.brought)
        troubled = [name for name, outcome in wave.outcomes.items() if is_bad(outcome)]
        wave.outcome = f"failed on {_few(troubled)}" if troubled else WELL
        if troubled:
            _stop(all_waves, wave, "failed")
        keep(all_waves)
        if troubled:
            break
    return all_waves


def host_outcomes(brought: Brought) -> dict[str, str]:
    """Return the outcome of each host of a wave, in words."""
    hosts = brought.deployment.hosts.items()
    if brought.run is None:
        return {name: trouble_of(host) or APPLIED for name, host in hosts}
    outcomes = brought.run.results.by_control()
    measured = any(outcome.verdict.is_measured for outcome in outcomes)
    red: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.verdict.is_red:
            red.setdefault(outcome.host, []).append(outcome.control)
    lost = brought.run.results.unreachable
    return {
        name: trouble_of(host)
        or (f"unreachable: {lost[name]}" if name in lost else "")
        or (f"failed: {_few(red[name])} red" if name in red else "")
        or (WELL if measured or red else "failed: nothing was measured")
        for name, host in hosts
    }


def trouble_of(host: HostOutcome) -> str:
    """Return what went wrong when a host was changed; empty when nothing did."""
    if host.reverted:
        return f"failed: put back: {host.reverted}"
    if host.failed:
        return f"failed: {host.failed[0]}"
    if host.completed:
        return ""
    reason = host.trouble[-1] if host.trouble else "it did not come to its end"
    return reason if reason.startswith(("unreachable:", "refused:")) else f"failed: {reason}"


def is_bad(outcome: str) -> bool:
    """Tell whether a host's outcome stops the waves."""
    return outcome not in (WELL, APPLIED)


def _stop(waves: list[Wave], last: Wave, how: str) -> None:
    for wave in waves[last.number :]:
        verb = "was interrupted" if how == "interrupted" else how
        _set_all(wave, f"not begun: wave {last.number} {verb}")


def _set_all(wave: Wave, outcome: str) -> None:
    wave.outcome = outcome
    wave.outcomes = {host.name: outcome for host in wave.hosts}


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return f"{', '.join(names[:FEW])}{more}"
