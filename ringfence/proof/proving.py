"""Prove controls on one lab host: sabotage, see red, apply the role, see green."""

import contextlib
import re
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ringfence.catalogue import Catalogue
from ringfence.deployment import Deployment, deploy
from ringfence.errors import ToolError, UsageError
from ringfence.proof.rounds import Trial, side_by_side
from ringfence.proof.sabotages import Case
from ringfence.site import Host, Site
from ringfence.site.ssh import ssh_command
from ringfence.steps import Say, nobody
from ringfence.verify.results import Results
from ringfence.verify.suite import run_suite
from ringfence.verify.verdicts import Verdict

MARKER = "/etc/ringfence-lab"
SABOTAGE_LIMIT = 300  # seconds
BOOT_LIMIT = 1800
"""Seconds: an emulated machine on a busy computer is slow."""
BOOT_ID = "cat /proc/sys/kernel/random/boot_id\n"
REBOOT = """\
read -r loaded </sys/kernel/kexec_loaded || loaded=0
[ "$loaded" = 1 ] || exec systemctl reboot
sync
perl -e 'syscall 169, 0xfee1dead, 0x28121969, 0x45584543, 0' # reboot(2), LINUX_REBOOT_CMD_KEXEC
"""
"""systemd of Debian 12 leaves the kernel that is loaded to a program that no lab host has."""
NOT_LET_IN = re.compile(r"(Connection (closed|reset) by \S+ port|kex_exchange_identification: )")
"""What ssh says of a login that never was one: sshd is just reading its configuration anew."""
LOGINS = 3


@dataclass(frozen=True)
class CaseOutcome:
    """What one sabotage showed on one host."""

    host: str
    control: str
    case: str
    tests: list[str]
    faults: list[str] = field(default_factory=list)
    not_applicable: str = ""

    @property
    def proven(self) -> bool:
        """Whether the control was seen red for the named reason, and green after its repair."""
        return not self.faults and not self.not_applicable


@dataclass(frozen=True)
class Bench:
    """What proving on one host needs: the site, the host, its catalogue, a folder for records.

    ``judged`` names the controls that are asked each time (comma separated); None means all.
    ``watching`` are those that tell of what other controls' sabotages do, too.
    """

    site: Site
    host: Host
    catalogue: Catalogue
    folder: Path
    say: Say
    judged: str | None = None
    watching: frozenset[str] = frozenset()

    def judge(self, name: str) -> Results:
        """Verify the controls on the host."""
        folder = self.folder / name
        folder.mkdir(mode=0o700, parents=True)
        return run_suite(self.site, [self.host], self.judged, folder, as_deployer=True)

    def apply(self, roles: str | None, name: str) -> Deployment:
        """Apply one role, or all of the host's."""
        log = self.folder / name / "apply.log"
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return deploy(self.site, [self.host], roles, False, log, nobody)

    def run_as_root(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a shell script on the host, on standard input so that no argument list holds it.

        Where another sabotage of the same round has just made sshd start over, a login is tried
        again: nothing of the script has run then.
        """
        for attempt in range(LOGINS):
            time.sleep(attempt)
            ended = self._run_as_root(script)
            if ended.returncode != 255 or not NOT_LET_IN.search(ended.stderr):
                break
        return ended

    def reboot(self) -> None:
        """Reboot the host, and wait until it answers under a new boot id. Raises ToolError."""
        before = self._boot_id()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._run_as_root(REBOOT, timeout=30)
        deadline = time.monotonic() + BOOT_LIMIT
        while self._boot_id() in ("", before):
            if time.monotonic() > deadline:
                raise ToolError(f"{self.host.name}: did not come back from a reboot")
            time.sleep(2)

    def _boot_id(self) -> str:
        """Return the boot id; empty while the host doesn't answer."""
        try:
            asked = self._run_as_root(BOOT_ID, timeout=30)
        except subprocess.TimeoutExpired:
            return ""
        return asked.stdout.strip() if asked.returncode == 0 else ""

    def _run_as_root(
        self, script: str, timeout: int = SABOTAGE_LIMIT
    ) -> subprocess.CompletedProcess[str]:
        become_root = [] if self.host.ssh.user == "root" else ["sudo", "-n"]
        return subprocess.run(
            [*ssh_command(self.site, self.host), *become_root, "sh", "-s"],
            input=script,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )


def require_lab_host(bench: Bench) -> str:
    """Return the Debian release of the host.

    Raises:
        UsageError: the host does not carry the lab's marker, so nothing may be broken on it.
    """
    asked = bench.run_as_root(f"test -s {MARKER} && . /etc/os-release && echo $VERSION_ID\n")
    if asked.returncode == 255:
        raise UsageError(f"{bench.host.name}: does not answer: {asked.stderr.strip()}")
    if asked.returncode != 0:
        raise UsageError(
            f"{bench.host.name}: is no lab host (it has no {MARKER}); "
            f"sabotage runs in the lab alone"
        )
    return asked.stdout.strip().splitlines()[-1]


def prove_host(bench: Bench, rounds: Iterable[list[Trial]]) -> Iterable[CaseOutcome]:
    """Yield the outcome of every trial on one hardened lab host.

    What a round of several does not prove is tried again after all rounds, among others that were
    not proven: most were undone by one of their own round that was. What that does not prove
    either is tried in halves, in the end alone: the last outcome counts.

    Raises:
        UsageError: the host is no lab host, or is not at its baseline.
        ToolError: the host could not be brought back to its baseline after a round.
    """
    require_lab_host(bench)
    before = bench.judge("before")
    _demand_green(bench, before)
    again: list[Trial] = []
    for trials in rounds:
        excused = [(trial, _not_applicable(trial, before)) for trial in trials]
        for trial, reason in excused:
            if reason:
                yield CaseOutcome(
                    bench.host.name, trial.control, trial.case.name, trial.case.fails, [], reason
                )
        yield from _try(bench, [trial for trial, reason in excused if not reason], again)
    for trials in side_by_side(again):
        yield from _prove_in_halves(bench, trials)


def _try(bench: Bench, trials: list[Trial], again: list[Trial]) -> Iterable[CaseOutcome]:
    """Yield the outcomes of a round; what isn't proven among others is added to `again`."""
    if not trials:
        return
    for trial, outcome in zip(trials, _prove_round(bench, trials), strict=True):
        if outcome.proven or len(trials) == 1:
            yield outcome
        else:
            bench.say(bench.host.name, f"again: {trial.name}: {outcome.faults[0]}")
            again.append(trial)


def _prove_in_halves(bench: Bench, trials: list[Trial]) -> Iterable[CaseOutcome]:
    """Yield the outcome of each trial; what isn't proven among others is tried among fewer."""
    again: list[Trial] = []
    yield from _try(bench, trials, again)
    if again:
        half = (len(again) + 1) // 2
        yield from _prove_in_halves(bench, again[:half])
        yield from _prove_in_halves(bench, again[half:])


def _demand_green(bench: Bench, results: Results) -> None:
    red = [test for test in results.tests if test.verdict.is_red]
    if red:
        raise UsageError(
            f"{bench.host.name}: is not at its baseline ({red[0].control}: {red[0].message}); "
            f"apply first, then prove"
        )


def _prove_round(bench: Bench, trials: list[Trial]) -> list[CaseOutcome]:
    """Break the host in every way of a round, demand red, repair it, and demand green."""
    more = f"+{len(trials) - 1}" if len(trials) > 1 else ""
    number = sum(1 for _ in bench.folder.glob("*-red")) + 1
    name = f"{number:02}-{trials[0].name}{more}"
    bench.say(bench.host.name, ", ".join(f"{t.control}: {t.case.name}" for t in trials))
    refused = [_break(bench, trial.case) for trial in trials]
    if any(trial.case.reboot for trial in trials):
        bench.reboot()
    red = bench.judge(f"{name}-red")
    beside = {c for trial in trials for c in (trial.control, *trial.case.also)}
    may = beside | bench.watching
    judged = [judge_red(trial.control, trial.case, red, may) for trial in trials]
    repaired = _repair(bench, trials, name)
    return [
        CaseOutcome(
            bench.host.name,
            trial.control,
            trial.case.name,
            trial.case.fails,
            [*not_broken, *faults, *repaired],
        )
        for trial, not_broken, faults in zip(trials, refused, judged, strict=True)
    ]


def _break(bench: Bench, case: Case) -> list[str]:
    """Run a case's script; return what went wrong with that."""
    broken = bench.run_as_root(case.run)
    if broken.returncode == 0:
        return []
    said = (broken.stderr or broken.stdout).strip().splitlines()
    return [f"the sabotage ended with {broken.returncode}: {said[-1] if said else ''}"]


def _not_applicable(trial: Trial, before: Results) -> str:
    """Return why none of the case's tests is judged on this host, or an empty text."""
    reasons = {
        test.test: test.message
        for test in before.tests
        if test.control == trial.control and test.verdict is Verdict.NOT_APPLICABLE
    }
    if "" in reasons:
        return reasons[""]
    if all(test in reasons for test in trial.case.fails):
        return reasons[trial.case.fails[0]]
    return ""


def judge_red(control: str, case: Case, results: Results, beside: Iterable[str] = ()) -> list[str]:
    """Return what is wrong with the red that a case made: not red, another reason, too much red.

    A test that runs with several values is red when it is with one of them, and for this reason
    alone. `beside` are the controls that other cases of the same round may turn red.
    """
    faults = []
    for name in case.fails:
        runs = [t for t in results.tests if (t.control, t.test) == (control, name)]
        if not runs:
            faults.append(f"{name} is no test of {control}, or was not run")
        red = [test for test in runs if test.verdict.is_red]
        for test in red or runs[:1]:
            if test.verdict is not Verdict.FAIL:
                faults.append(f"{name} was {test.verdict.value}, not fail {test.message}".rstrip())
            elif not re.search(case.because, test.message):
                faults.append(f"{name} failed for another reason: {test.message}")
    allowed = {control, *case.also, *beside}
    for test in results.tests:
        if test.verdict.is_red and test.control not in allowed:
            faults.append(f"{test.control} turned {test.verdict.value} with it: {test.message}")
    return faults


def _repair(bench: Bench, trials: list[Trial], name: str) -> list[str]:
    """Apply the controls' roles and demand green; if that fails, bring the host back somehow.

    Of what only those tell that watch everything their own roles have the last word.
    """
    own = list(dict.fromkeys(role for trial in trials for role in trial.roles))
    roles = ",".join(own)
    faults = []
    if bench.apply(roles, f"{name}-repair").failed:
        faults.append(f"applying {roles} failed")
    if any(trial.case.reboot for trial in trials):
        bench.reboot()
    red = [test for test in bench.judge(f"{name}-green").tests if test.verdict.is_red]
    told = {test.control for test in red}
    if told and told <= bench.watching.difference(trial.control for trial in trials):
        watching = [role for one in sorted(told) for role in bench.catalogue.roles_of[one]]
        bench.apply(",".join(dict.fromkeys(watching)), f"{name}-watching")
        red = [test for test in bench.judge(f"{name}-watched").tests if test.verdict.is_red]
    faults += [f"after {roles}: {test.control}: {test.message}" for test in red]
    if red:
        bench.apply(None, f"{name}-recover")
        if any(trial.case.reboot for trial in trials):
            bench.reboot()
        still = [t for t in bench.judge(f"{name}-recovered").tests if t.verdict.is_red]
        if still:
            raise ToolError(
                f"{bench.host.name}: stays red after {name} "
                f"({still[0].control}: {still[0].message}); reset it: ringfence lab reset"
            )
    return faults
