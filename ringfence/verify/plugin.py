"""The pytest plugin: ``pytest tests/baseline --site SITE`` judges every host of a site.

Without ``--site`` the plugin is silent in other projects' test runs, and refuses baseline tests.
"""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import testinfra.backend

from ringfence.errors import RingfenceError
from ringfence.side_by_side import HOSTS_AT_ONCE
from ringfence.site import Host, Policy, Site
from ringfence.verify.baseline_run import BaselineRun, shorten
from ringfence.verify.expectations import Expect

RUN = pytest.StashKey[BaselineRun]()
BACKEND = "ringfence.verify.backend.SnapshotBackend"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a verification."""
    group = parser.getgroup("ringfence")
    group.addoption("--site", metavar="DIR", help="the site whose hosts are judged")
    group.addoption("--controls", metavar="IDS", help="judge these controls only (comma separated)")
    group.addoption("--results", metavar="FILE", help="write every verdict to FILE (JSON)")
    group.addoption("--snapshots", metavar="DIR", help="keep each host's answers in DIR")
    group.addoption("--from-snapshot", metavar="DIR", help="judge kept answers; ask no host")
    group.addoption("--as-deployer", action="store_true", help="ask as the account that deploys")
    group.addoption(
        "--hosts-at-once",
        metavar="N",
        type=int,
        default=HOSTS_AT_ONCE,
        help=f"ask N hosts at a time ({HOSTS_AT_ONCE})",
    )
    group.addoption("--progress", metavar="FD", type=int, help="tell progress on this descriptor")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the backend and, when a site is given, the run."""
    testinfra.backend.BACKENDS["ringfence"] = BACKEND
    config.addinivalue_line("markers", "control(id): the control that the test judges")
    option = config.option
    if not option.site:
        return
    try:
        run = BaselineRun(
            Path(option.site),
            controls=option.controls,
            results=Path(option.results) if option.results else None,
            snapshots=Path(option.snapshots) if option.snapshots else None,
            from_snapshot=Path(option.from_snapshot) if option.from_snapshot else None,
            progress=option.progress,
            as_deployer=option.as_deployer,
            parallel=option.hosts_at_once,
        )
    except RingfenceError as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[RUN] = run
    if option.hosts is None:
        option.hosts = ",".join(f"ringfence://{name}" for name in run.site.hosts)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests that apply, ask their hosts, and set unreachable hosts aside."""
    judged = [item for item in items if item.get_closest_marker("control")]
    if not judged:
        return
    run = config.stash.get(RUN, None)
    if run is None:
        raise pytest.UsageError(
            "baseline tests compare a host with what its site declares: "
            "give --site DIR, such as --site inventories/lab"
        )
    try:
        kept = run.select(judged)
    except RingfenceError as error:
        raise pytest.UsageError(str(error)) from None
    chosen = set(map(id, kept))
    config.hook.pytest_deselected(items=[item for item in items if id(item) not in chosen])
    items[:] = kept


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn what pytest saw into a verdict."""
    run = item.config.stash.get(RUN, None)
    if run is None or item.get_closest_marker("control") is None:
        return (yield)
    if call.excinfo is not None and item.config.option.tbstyle == "native":
        shorten(call.excinfo, item.path)
    report = yield
    run.record(item, call, report)
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the results; a red verdict that no test of pytest's carries still ends in red."""
    run = session.config.stash.get(RUN, None)
    if run is None:
        return
    red = run.finish()
    if red and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Name every host that did not answer."""
    run = config.stash.get(RUN, None)
    for host, reason in sorted(run.results.unreachable.items()) if run else ():
        terminalreporter.write_line(f"UNREACHABLE {host}: {reason}", red=True)


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest) -> Site:
    """The site under test: what its files declare."""
    return request.config.stash[RUN].site


@pytest.fixture(scope="session")
def policy(site: Site) -> Policy:
    """The site's policy: the values that the baseline is judged against."""
    return site.policy


@pytest.fixture
def declared(request: pytest.FixtureRequest) -> Host:
    """What the site declares of the host under test."""
    return request.config.stash[RUN].declared(request.node)


@pytest.fixture
def expect(request: pytest.FixtureRequest) -> Expect:
    """Compare and record: ``expect("what was asked", observed, equals=wanted)``."""
    return request.config.stash[RUN].expect(request.node)
