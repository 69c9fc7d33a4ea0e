"""One pytest session over the hosts of a site: what applies, what was answered, what it means."""

import os
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ringfence.catalogue import Catalogue, Control, load_catalogue
from ringfence.errors import UsageError
from ringfence.side_by_side import HOSTS_AT_ONCE
from ringfence.site import Host, Site, load_site
from ringfence.site.ssh import ssh_command
from ringfence.supported import SYSTEM, unsupported
from ringfence.verify.answers import Snapshot
from ringfence.verify.backend import SnapshotBackend, Source
from ringfence.verify.expectations import Expect, UnmetExpectationError
from ringfence.verify.marking import NotApplicableError
from ringfence.verify.questions import Asked, Questions
from ringfence.verify.results import Results, TestResult
from ringfence.verify.session import UnreachableError
from ringfence.verify.verdicts import Verdict
from ringfence.verify.waiving import waived

LONGEST_MESSAGE = 600
EXPECT = pytest.StashKey[Expect]()


class BaselineRun:
    """The state of one verification while pytest runs it."""

    def __init__(
        self,
        site: Path,
        controls: str | None,
        results: Path | None,
        snapshots: Path | None,
        from_snapshot: Path | None,
        progress: int | None = None,
        as_deployer: bool = False,
        parallel: int = HOSTS_AT_ONCE,
    ) -> None:
        """Load the site and its catalogue.

        Args:
            site: the site's directory.
            controls: ids of controls, comma separated; None means all.
            results: where the verdicts are written.
            snapshots: the folder in which each host's answers are kept.
            from_snapshot: a folder of kept answers; no host is asked.
            as_deployer: ask as the account that deploys, though the site has one that verifies.
            progress: an open file descriptor on which each step is told, a line each.
            parallel: how many hosts are asked at a time.

        Raises:
            UsageError: the site's files are wrong, or a control in ``controls`` is unknown.
        """
        self.site: Site = load_site(site)
        hosts = self.site.hosts
        self._hosts = {str(host.address): host for host in reversed(hosts.values())} | hosts
        self.catalogue: Catalogue = load_catalogue(self.site.house)
        self.controls = self.catalogue.select(controls)
        self.whole_suite = controls is None
        self.results = Results()
        self._results_path = results
        self._snapshots = snapshots
        self._from_snapshot = from_snapshot
        self._sources: dict[str, Source] = {}
        self._progress = progress
        self._as_deployer = as_deployer
        self._parallel = parallel
        self._today = datetime.now(UTC).date()

    def declared(self, item: pytest.Item) -> Host:
        """Return what the site declares of the host of ``item``.

        Raises:
            UsageError: the host is not in the site's inventory.
        """
        backend = item.callspec.params["_testinfra_host"].backend  # type: ignore[attr-defined]
        wanted = backend.get_hostname()
        try:
            return self._hosts[wanted]
        except KeyError:
            raise UsageError(
                f"{self.site.path}: has no host named {wanted!r}, nor one at that address"
            ) from None

    def expect(self, item: pytest.Item) -> Expect:
        """Return the recorder of ``item``'s observations."""
        return item.stash.setdefault(EXPECT, Expect())

    def select(self, items: list[pytest.Item]) -> list[pytest.Item]:
        """Ask the hosts, and return the tests that can be judged on them.

        Every host and control without a test to run gets its outcome here. The tests of a role
        that the house's table does not name are passed over, as its controls are.
        """
        hosts: dict[str, Host] = {}
        wanted: list[tuple[pytest.Item, Host, Control]] = []
        for item in items:
            if item.path.stem.removeprefix("test_") not in self.site.house.roles:
                continue
            host, control = self.declared(item), self._control(item)
            hosts[host.name] = host
            if control.id in self.controls:
                wanted.append((item, host, control))
        self._ask({host.name: host for item, host, _ in wanted if self._is_ours(item)})
        tested = {(host.name, control.id) for _, host, control in wanted}
        for host in hosts.values():
            for control in self.controls.values():
                self._settle(host, control, (host.name, control.id) in tested)
        settled = {(test.host, test.control) for test in self.results.tests}
        kept = [each for each in wanted if (each[1].name, each[2].id) not in settled]
        for name, count in Counter(host.name for _, host, _ in kept).items():
            self._tell(f"tests {name} {count}")
        return [item for item, _, _ in kept]

    def record(
        self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport
    ) -> None:
        """Keep the verdict of one phase of one test."""
        if report.when == "teardown" or (report.when == "setup" and report.passed):
            return
        host, control = self.declared(item), self._control(item)
        source = self._sources.get(host.name)
        verdict, message = judge(call.excinfo, self.expect(item))
        if verdict is Verdict.NOT_APPLICABLE:
            report.outcome = "skipped"
            report.longrepr = (str(item.path), 0, f"not applicable: {message}")
        elif verdict is not Verdict.PASS and report.outcome != "failed":
            report.outcome = "failed"
            report.longrepr = message
        result = TestResult(
            host=host.name,
            control=control.id,
            test=item.name.partition("[")[0],
            verdict=verdict,
            message=message,
            observations=[seen.as_dict() for seen in self.expect(item).observations],
            commands=source.take_asked() if source is not None else [],
        )
        result = waived(result, self.site, host, self._today)
        if result.verdict is Verdict.WAIVED:  # as pytest tells what is known to fail
            report.outcome = "skipped"
            report.wasxfail = f"waived: {message}"
        self.results.tests.append(result)
        self._tell(f"judged {host.name}")

    def finish(self) -> bool:
        """Close every channel, write the results, and say whether anything is red."""
        for name, source in self._sources.items():
            source.close()
            self.results.live_commands[name] = source.live_commands
            if source.snapshot.unreachable:
                self.results.unreachable[name] = source.snapshot.unreachable
            if self._snapshots is not None:
                source.snapshot.save(self._snapshots)
        if self._from_snapshot is None and self._sources:
            self._questions().learn(self._asked(), self.whole_suite)
        if self._results_path is not None:
            self.results.save(self._results_path)
        return any(test.verdict.is_red for test in self.results.tests)

    def _asked(self) -> dict[str, Asked]:
        """Return what each host that answered to the end was asked, by control."""
        answered = {n for n, source in self._sources.items() if not source.snapshot.unreachable}
        asked: dict[str, Asked] = {name: {} for name in answered}
        for test in self.results.tests:
            if test.host in answered and test.commands:
                asked[test.host].setdefault(test.control, []).extend(test.commands)
        return asked

    def _ask_all_ahead(self, command: str) -> None:
        for source in self._sources.values():
            source.ask_ahead(command)

    def _tell(self, step: str) -> None:
        if self._progress is not None:
            os.write(self._progress, f"{step}\n".encode())

    def _questions(self) -> Questions:
        return Questions(self.site.path, self.site.house.baseline_dir)

    def _control(self, item: pytest.Item) -> Control:
        marker = item.get_closest_marker("control")
        assert marker is not None
        try:
            return self.catalogue.controls[marker.args[0]]
        except KeyError:
            raise UsageError(
                f"{item.nodeid}: judges {marker.args[0]!r}, which no role's controls.yml has"
            ) from None

    @staticmethod
    def _is_ours(item: pytest.Item) -> bool:
        backend = item.callspec.params["_testinfra_host"].backend  # type: ignore[attr-defined]
        return isinstance(backend, SnapshotBackend)

    def _ask(self, hosts: dict[str, Host]) -> None:
        if self._from_snapshot is not None:
            for name in hosts:
                kept = Snapshot.load(self._from_snapshot, name)
                self._sources[name] = Source(kept, None, become_root=False)
        else:
            questions = self._questions()
            turns = threading.BoundedSemaphore(self._parallel)
            for name, host in hosts.items():
                verifying = host.verify is not None and not self._as_deployer
                self._sources[name] = Source(
                    Snapshot.begin(name),
                    ssh_command(self.site, host, verifying=verifying),
                    become_root=host.ssh.user != "root",
                    sends_runner=not verifying,
                    turns=turns,
                )
            with ThreadPoolExecutor(max_workers=self._parallel) as pool:
                # A first run knows no other question; this one tells too whether the host answers.
                waiting = {
                    pool.submit(
                        self._sources[name].collect,
                        [SYSTEM, *questions.for_host(name, self.controls)],
                    ): name
                    for name in hosts
                }
                for done in as_completed(waiting):
                    done.result()
                    lost = self._sources[waiting[done]].never_answered
                    self._tell(f"{'lost' if lost else 'asked'} {waiting[done]}")
        for source in self._sources.values():
            source.tell_others = self._ask_all_ahead
        SnapshotBackend.sources = self._sources

    def _settle(self, host: Host, control: Control, has_test: bool) -> None:
        source = self._sources.get(host.name)
        reason = control.inapplicable(host)
        if reason is not None:
            verdict, message = Verdict.NOT_APPLICABLE, reason
        elif not has_test:
            verdict, message = Verdict.ERROR, "no baseline test judges this control"
        elif source is not None and source.never_answered:
            verdict, message = Verdict.UNREACHABLE, source.snapshot.unreachable or ""
        elif source is not None and (foreign := _unsupported(source.snapshot)):
            verdict, message = Verdict.ERROR, foreign
        else:
            return
        self.results.tests.append(TestResult(host.name, control.id, "", verdict, message))


def _unsupported(snapshot: Snapshot) -> str:
    told = snapshot.answers.get(SYSTEM)
    return unsupported(told.stdout.decode("utf-8", "replace")) if told else ""


def judge(excinfo: pytest.ExceptionInfo[Any] | None, expect: Expect) -> tuple[Verdict, str]:
    """Turn the end of a test into its verdict and the sentence that goes with it."""
    if excinfo is None:
        if expect.observations:
            return Verdict.PASS, ""
        return Verdict.ERROR, "the test ended without measuring anything"
    error = excinfo.value
    if isinstance(error, UnmetExpectationError):
        return Verdict.FAIL, str(error)
    if isinstance(error, NotApplicableError):
        return Verdict.NOT_APPLICABLE, str(error)
    if isinstance(error, UnreachableError):
        return Verdict.UNREACHABLE, str(error)
    if isinstance(error, AssertionError) and expect.observations:
        return Verdict.FAIL, _first_lines(error)
    return Verdict.ERROR, f"{type(error).__name__}: {_first_lines(error)}"


def shorten(excinfo: pytest.ExceptionInfo[Any], test: Path) -> None:
    """Cut off what pytest called before the test's file, and all where a control doesn't apply.

    With `--tb=native` pytest itself leaves its own calls in; its other ways to print a traceback
    parse the source of every file in it, for which a test would cost ten times as much.
    """
    applies = not isinstance(excinfo.value, NotApplicableError)
    excinfo.traceback = excinfo.traceback.cut(path=test) if applies else excinfo.traceback[:0]


def _first_lines(error: BaseException) -> str:
    text = str(error).strip() or "no message"
    return text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]} …"
