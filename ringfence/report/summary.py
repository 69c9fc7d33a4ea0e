"""The summary that ends ``ringfence verify`` in a terminal, or in a log without one."""

from rich.console import Console
from rich.text import Text

from ringfence.report.observations import note, unmet
from ringfence.report.repair import repair
from ringfence.report.survey import Survey
from ringfence.report.text import one_line, visible
from ringfence.report.wording import counted, sentence, share, tally, word
from ringfence.verify.results import ControlResult, TestResult, count_by_verdict
from ringfence.verify.runs import Run
from ringfence.verify.verdicts import WORST_FIRST, Verdict, worst

FULL_FINDINGS = 10
WIDEST = 100
LONGEST_VALUE = 5  # lines of the terminal; the page has the whole value
LONGEST_NAME = 32
LABEL = 11
STYLES = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.ERROR: "bold magenta",
    Verdict.UNREACHABLE: "bold yellow",
    Verdict.WAIVED: "cyan",
    Verdict.NOT_APPLICABLE: "dim",
}
VERDICT_WIDTH = max(len(word(verdict)) for verdict in Verdict)


def print_summary(run: Run, console: Console, site_argument: str) -> None:
    """Print the run by host, by control, what is red worst first, and the totals in a last line.

    Lines end at 100 columns or at the terminal's edge; commands alone are never broken, so that
    they can be copied.

    Args:
        run: the run.
        console: where to print.
        site_argument: the site as the operator typed it, for the commands that repair.
    """
    _Summary(Survey(run), console, site_argument).print()


class _Summary:
    def __init__(self, survey: Survey, console: Console, site_argument: str) -> None:
        self.survey = survey
        self.console = console
        self.site_argument = site_argument
        self.width = min(console.width, WIDEST)

    def print(self) -> None:
        self._by_host()
        self._by_control()
        self._findings()
        self._totals()

    def _by_host(self) -> None:
        self._line(Text("hosts", "bold"))
        rows = {host: self.survey.of_host(host) for host in self.survey.hosts}
        name_width = _widest(rows)
        for host in sorted(rows, key=lambda name: _rank(rows[name])):
            verdict = worst(row.verdict for row in rows[host])
            self._row(host, name_width, verdict, tally(count_by_verdict(rows[host])))
            if reason := self.survey.unreachable.get(host):
                self._line(Text(f"  {'':<{name_width}}  {self._safe(one_line(reason))}"))
        self._line()

    def _by_control(self) -> None:
        self._line(Text("controls", "bold"))
        rows = {control: self.survey.of_control(control) for control in self.survey.controls}
        name_width = _widest(rows)
        tallies = {control: tally(count_by_verdict(rows[control])) for control in rows}
        tally_width = min(LONGEST_NAME, max(map(len, tallies.values()), default=0))
        for control in sorted(rows, key=lambda name: _rank(rows[name])):
            about = self.survey.describe(control)
            said = f"{tallies[control]:<{tally_width}}  {about['severity']:<8}  {about['title']}"
            self._row(control, name_width, worst(row.verdict for row in rows[control]), said)
        self._line()

    def _findings(self) -> None:
        unreachable = [self._unreachable(host) for host in self.survey.unreachable]
        findings = [*self.survey.findings, *unreachable]
        if not findings:
            return
        self._line(Text("to do, worst first", "bold"))
        for finding in findings[:FULL_FINDINGS]:
            self._finding(finding)
        more = len(findings) - FULL_FINDINGS
        if more > 0:
            self._line(Text(self._safe(f"  … and {more} more: see report.html")))
            self._line()

    def _unreachable(self, host: str) -> ControlResult:
        test = TestResult(host, "", "", Verdict.UNREACHABLE, self.survey.unreachable[host])
        return ControlResult(host, "", Verdict.UNREACHABLE, [test])

    def _finding(self, finding: ControlResult) -> None:
        about = self.survey.describe(finding.control)
        head = Text("  ").append(word(finding.verdict), STYLES[finding.verdict])
        head.append(f"  {self._safe(finding.host)}", "bold")
        if finding.control:
            head.append(f"  {finding.control} {about['title']} ({about['severity']})")
        self._line(head)
        for test in finding.tests:
            if test.verdict.is_red:
                self._test(test)
        step = repair(self.survey.run, finding, self.site_argument)
        if step.is_command:
            command = Text(f"    {step.label:<{LABEL}}").append(self._safe(step.text), "bold")
            self.console.print(command, soft_wrap=True)
        else:
            self._value(step.label, step.text)
        if step.afterwards:
            self._value("then", step.afterwards)
        self._line()

    def _test(self, test: TestResult) -> None:
        said = sentence(test.test)
        if said:
            self._value("test", said)
        for seen in unmet(test):
            self._value("asked", seen["subject"])
            self._value("expected", seen["expected"])
            self._value("observed", seen["observed"])
        if beyond := note(test):
            self._value("note" if unmet(test) else "reason", beyond)

    def _totals(self) -> None:
        survey = self.survey
        passed = survey.counts[Verdict.PASS]
        self._line(Text(f"population  {survey.population}"))
        self._line(Text(f"coverage    {share(survey.measured, survey.applicable)} measured"))
        self._line(Text(f"score       {share(passed, survey.measured)} pass"))
        totals = Text(word(survey.overall), STYLES[survey.overall])
        totals.append(f"  {counted(len(survey.hosts), 'host')}, ")
        self._line(
            totals.append(f"{counted(len(survey.controls), 'control')}: {tally(survey.counts)}")
        )

    def _row(self, name: str, name_width: int, verdict: Verdict, said: str) -> None:
        line = Text(f"  {self._safe(name):<{name_width}}  ")
        line.append(f"{word(verdict):<{VERDICT_WIDTH}}", STYLES[verdict])
        self._line(line.append(f"  {self._safe(said)}"))

    def _value(self, label: str, value: str) -> None:
        """Print a labelled value, folded below itself, cut after ``LONGEST_VALUE`` lines."""
        width = max(self.width - LABEL - 4, 20)
        lines = list(Text(self._safe(value)).wrap(self.console, width))
        if len(lines) > LONGEST_VALUE:
            lines = [*lines[:LONGEST_VALUE], Text(self._safe("…"))]
        for number, line in enumerate(lines):
            start = f"    {label if number == 0 else '':<{LABEL}}"
            self._line(Text(start).append_text(line))

    def _line(self, line: Text | None = None) -> None:
        line = line or Text()
        line.rstrip()
        line.truncate(self.width, overflow="ellipsis" if self._safe("…") == "…" else "crop")
        self.console.print(line, soft_wrap=True)

    def _safe(self, text: str) -> str:
        """Return ``text`` without control characters, in the characters that the console has."""
        seen = visible(text).replace("\t", " ")
        return seen.encode(self.console.encoding, "backslashreplace").decode(self.console.encoding)


def _rank(outcomes: list[ControlResult]) -> tuple[int, int]:
    """Order hosts and controls: the worst verdict first, then the most red outcomes."""
    verdict = worst(outcome.verdict for outcome in outcomes)
    return WORST_FIRST.index(verdict), -sum(outcome.verdict.is_red for outcome in outcomes)


def _widest(names: dict[str, list[ControlResult]]) -> int:
    return min(LONGEST_NAME, max(map(len, names), default=0))
