"""A run arranged for its readers: the population, the worst first, the two shares."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ringfence.report.wording import SEVERITIES, counted, tally, word
from ringfence.verify.results import ControlResult, TestResult, count_by_verdict
from ringfence.verify.runs import Run
from ringfence.verify.verdicts import RED, WORST_FIRST, Verdict

NO_OUTCOME = "the run holds no outcome of this control on this host"


@dataclass(frozen=True)
class Survey:
    """What a run found, for every host and every control.

    A pair of host and control that the run lost is an ``error`` here: a report never leaves out
    a host silently.
    """

    run: Run

    @cached_property
    def hosts(self) -> list[str]:
        """The hosts in the site's order; one that only the results name comes last."""
        return list(dict.fromkeys([*self.run.hosts, *(test.host for test in self._tests)]))

    @cached_property
    def controls(self) -> list[str]:
        """The ids of the controls in the catalogue's order."""
        return list(dict.fromkeys([*self.run.controls, *(test.control for test in self._tests)]))

    @cached_property
    def outcomes(self) -> dict[tuple[str, str], ControlResult]:
        """The outcome of each host and control, by host, then control."""
        found = {(result.host, result.control): result for result in self.run.results.by_control()}
        return {
            (host, control): found.get((host, control)) or _lost(host, control)
            for host in self.hosts
            for control in self.controls
        }

    @cached_property
    def counts(self) -> dict[Verdict, int]:
        """How many outcomes have each verdict."""
        return count_by_verdict(self.outcomes.values())

    @cached_property
    def overall(self) -> Verdict:
        """The verdict of the whole run; ``error`` when nothing was measured."""
        red = [verdict for verdict in WORST_FIRST if verdict in RED and self.counts[verdict]]
        if red:
            return red[0]
        return Verdict.PASS if self.measured else Verdict.ERROR

    @cached_property
    def headline(self) -> str:
        """The verdict of the run in one line."""
        if not self.measured:
            return f"{word(self.overall)}: nothing was measured"
        if self.overall is not Verdict.PASS:
            red = {verdict: count for verdict, count in self.counts.items() if verdict in RED}
            total = counted(len(self.outcomes), "outcome")
            return f"{word(self.overall)}: {tally(red)}, of {total}"
        waived = self.counts[Verdict.WAIVED]
        exception = f", but for {counted(waived, 'waived outcome')}" if waived else ""
        return f"pass: every applicable control holds on every host{exception}"

    @cached_property
    def population(self) -> str:
        """How many hosts the run is about, and how many of them answered."""
        tested = sum(self.is_tested(host) for host in self.hosts)
        unreachable = len(self.unreachable)
        parts = [f"{tested} tested", f"{unreachable} unreachable"]
        if rest := len(self.hosts) - tested - unreachable:
            parts.append(f"{rest} with nothing measured")
        return f"{counted(len(self.hosts), 'host')}: {', '.join(parts)}"

    @cached_property
    def measured(self) -> int:
        """How many outcomes the hosts themselves gave: pass, fail, waived."""
        return sum(count for verdict, count in self.counts.items() if verdict.is_measured)

    @cached_property
    def applicable(self) -> int:
        """How many outcomes there should be: all but ``not_applicable``."""
        return len(self.outcomes) - self.counts[Verdict.NOT_APPLICABLE]

    @cached_property
    def findings(self) -> list[ControlResult]:
        """The outcomes ``fail`` and ``error``, worst first: verdict, severity, control, host."""
        wanted = (Verdict.FAIL, Verdict.ERROR)
        bad = [outcome for outcome in self.outcomes.values() if outcome.verdict in wanted]
        return sorted(bad, key=self._badness)

    @cached_property
    def unreachable(self) -> dict[str, str]:
        """Why each host that did not answer, or not to the end, is unreachable."""
        reasons = dict(self.run.results.unreachable)
        for test in self._tests:
            if test.verdict is Verdict.UNREACHABLE:
                reasons.setdefault(test.host, test.message)
        return {host: reasons[host] for host in self.hosts if host in reasons}

    @cached_property
    def waived(self) -> list[TestResult]:
        """Every test whose failure a waiver covers, also where another test still fails."""
        return [test for test in self._tests if test.verdict is Verdict.WAIVED]

    @cached_property
    def not_applicable(self) -> dict[tuple[str, str], list[str]]:
        """The hosts to which a control does not apply, by control and reason."""
        grouped: dict[tuple[str, str], list[str]] = {}
        for outcome in self.of_verdict(Verdict.NOT_APPLICABLE):
            grouped.setdefault((outcome.control, outcome.message), []).append(outcome.host)
        return grouped

    def of_verdict(self, verdict: Verdict) -> list[ControlResult]:
        """Return the outcomes with ``verdict``, by control, then host."""
        return [
            self.outcomes[host, control]
            for control in self.controls
            for host in self.hosts
            if self.outcomes[host, control].verdict is verdict
        ]

    def of_host(self, host: str) -> list[ControlResult]:
        """Return the outcomes of one host, by control."""
        return [self.outcomes[host, control] for control in self.controls]

    def of_control(self, control: str) -> list[ControlResult]:
        """Return the outcomes of one control, by host."""
        return [self.outcomes[host, control] for host in self.hosts]

    def is_tested(self, host: str) -> bool:
        """Whether ``host`` answered to the end and at least one control was measured on it."""
        answered = any(outcome.verdict.is_measured for outcome in self.of_host(host))
        return answered and host not in self.unreachable

    def describe(self, control: str) -> dict[str, Any]:
        """Return what the run says of a control, with a default for what it lacks."""
        defaults = {"title": "", "severity": "", "rationale": "", "role": None, "remedy": ""}
        more = {"groups": [], "classification": "", "verifies": "now", "frameworks": {}}
        brought: dict[str, Any] = {"joined_by": [], "proof": None}
        return {**defaults, **more, **brought, **self.run.controls.get(control, {})}

    @property
    def _tests(self) -> list[TestResult]:
        return self.run.results.tests

    def _badness(self, outcome: ControlResult) -> tuple[int, int, int, int]:
        severity = self.describe(outcome.control)["severity"]
        return (
            WORST_FIRST.index(outcome.verdict),
            SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES),
            self.controls.index(outcome.control),
            self.hosts.index(outcome.host),
        )


def _lost(host: str, control: str) -> ControlResult:
    test = TestResult(host, control, "", Verdict.ERROR, NO_OUTCOME)
    return ControlResult(host, control, Verdict.ERROR, [test])
