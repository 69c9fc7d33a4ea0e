"""What `ringfence lab` does: hosts side by side, each step told, each failure one sentence."""

import contextlib
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ringfence.errors import RingfenceError, ToolError, UsageError
from ringfence.lab import container, hosts, machine, processes, reach
from ringfence.lab.image import ensure_image, make_recipe
from ringfence.lab.lab import Lab, Say, containers_possible, locked
from ringfence.lab.paths import LabPaths
from ringfence.lab.settings import LabPlan, PlannedHost, load_lab
from ringfence.lab.tools import require_tools
from ringfence.site.house import find_house

UNHEARD = 60.0
"""Seconds after which a host that still answers as before is asked again to reboot: a busy one may
not have come to the command before the connection was given up."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class HostStatus:
    """One line of `ringfence lab status`."""

    name: str
    kind: str
    debian: int
    state: str
    """stopped, starting or ready (its sshd answers)."""
    address: str
    port: int | None
    pid: int | None
    seconds: float | None
    """Since its process was started."""


def up(site: Path, names: Sequence[str] | None = None, say: Say = print) -> None:
    """Start the hosts that don't run and wait until ssh lets the deploy user in.

    A host starts clean. Raises SiteError, UsageError, MissingToolsError, ToolError.
    """
    plan, chosen = _load(site, names)
    lab = Lab.open(plan)
    with lab.locked(say):
        lab.prepare()
        stopped = [host for host in chosen if not hosts.is_up(lab.paths, host)]
        images = _ensure_images(lab, stopped, say)
        network = lab.ensure_network()

        def start(host: PlannedHost, cancelled: threading.Event) -> None:
            began = time.monotonic()
            if host in stopped:
                image = images[host.settings.debian]
                state = _start(lab, host, image, network, cancelled, say)
            else:
                state = hosts.wait(lab, host, cancelled)
            _finish(say, host.name, f"{state} after {time.monotonic() - began:.0f} s")

        _side_by_side(chosen, start)


def down(site: Path, names: Sequence[str] | None = None, say: Say = print) -> None:
    """End hosts, and without names all that the lab ever started; nothing stays behind.

    It needs nothing but the site's folder: a broken lab.yml or a crash before keeps nothing alive.
    """
    if names:
        _, chosen = load_hosts(site, names)
    paths = LabPaths(site)
    if not paths.state.is_dir() and not paths.sockets.is_dir():
        say("lab", "nothing is running")
        return
    with locked(paths, say):
        if names:
            for host in chosen:
                hosts.stop(paths, host.name)
                _finish(say, host.name, "stopped")
            return
        running = {process.part for process in processes.find(paths.state)}
        for part in sorted(running - {processes.NETWORK}):
            hosts.stop(paths, part)
            _finish(say, part, "stopped")
        left = processes.end_all(paths.state)
        if left:
            raise ToolError(f"process {left[0].pid} ({left[0].part}) of the lab does not end")
        with contextlib.suppress(ToolError):
            container.remove_cgroup(container.lab_cgroup(paths))
        for folder in (paths.state / "hosts").glob("*"):
            container.remove_layers(folder)
        shutil.rmtree(paths.sockets, ignore_errors=True)
        _finish(say, "lab", "down")


def reset(site: Path, names: Sequence[str] | None = None, say: Say = print) -> None:
    """Put running hosts back to the clean state in which they first came up."""
    plan, chosen = _load(site, names)
    lab = Lab.open(plan)
    with lab.locked(say):
        lab.prepare()
        network = lab.ensure_network()

        def one(host: PlannedHost, cancelled: threading.Event) -> None:
            began = time.monotonic()
            if hosts.restore(lab, host, say):
                state = hosts.wait(lab, host, cancelled, resumed=True)
            else:
                image = _ensure_images(lab, [host], say)[host.settings.debian]
                state = _start(lab, host, image, network, cancelled, say)
            text = f"clean again, {state} after {time.monotonic() - began:.0f} s"
            _finish(say, host.name, text)

        _side_by_side(chosen, one)


def _start(
    lab: Lab,
    host: PlannedHost,
    image: Path,
    network: int,
    cancelled: threading.Event,
    say: Say,
) -> str:
    """Start a host from clean; once more when it ended while it started, and say so."""
    hosts.stop(lab.paths, host.name)
    try:
        return hosts.start(lab, host, image, network, cancelled, say)
    except ToolError as error:
        if cancelled.is_set():
            raise
        say(host.name, f"{error}; starting it once more")
    hosts.stop(lab.paths, host.name)
    return hosts.start(lab, host, image, network, cancelled, say)


def reboot(
    site: Path,
    names: Sequence[str] | None = None,
    say: Say = print,
    *,
    power_cut: bool = False,
) -> None:
    """Reboot running hosts for real, and wait until they answer under a new boot id.

    With `power_cut` nothing is shut down: a machine starts anew with what its disks have, without
    what its kernel had still to write. Raises UsageError for a container then, ToolError.
    """
    plan, chosen = _load(site, names)
    lab = Lab.open(plan)
    if power_cut and (containers := [host.name for host in chosen if host.kind == "container"]):
        raise UsageError(
            f"{', '.join(containers)}: a container has no power of its own that could be cut;"
            " choose machines"
        )

    def one(host: PlannedHost, cancelled: threading.Event) -> None:
        began = time.monotonic()
        before = reach.boot_id(lab.paths, host.name)
        if before is None and not power_cut:  # which needs no answer, as where a kernel has died
            raise ToolError(f"{host.name} does not answer, so it can't be rebooted; see its status")
        if power_cut:
            say(host.name, "cutting its power")
            machine.cut_power(lab.paths, host.name)
        else:
            say(host.name, "rebooting")
            _ask_to_reboot(lab, host)
        asked, deadline = time.monotonic(), began + hosts.PATIENCE[host.kind]
        while (now := reach.boot_id(lab.paths, host.name)) in (None, before):
            _check(host, lab, deadline, cancelled)
            if now and not power_cut and time.monotonic() - asked > UNHEARD:
                _ask_to_reboot(lab, host)
                asked = time.monotonic()
            cancelled.wait(0.5)
        state = hosts.wait(lab, host, cancelled)
        _finish(say, host.name, f"{state} again after {time.monotonic() - began:.0f} s")

    with lab.locked(say):
        _side_by_side(chosen, one)


def _ask_to_reboot(lab: Lab, host: PlannedHost) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):  # it may end the connection first
        reach.run(lab.paths, host.name, "sudo -n systemctl reboot", timeout=30)


def status(site: Path, names: Sequence[str] | None = None) -> list[HostStatus]:
    """Return how each host stands, in the order of lab.yml."""
    plan, chosen = load_hosts(site, names)
    lab = Lab.open(plan)
    running = processes.find(lab.paths.state)
    with ThreadPoolExecutor(max_workers=16) as pool:
        return list(pool.map(lambda host: _status(lab, host, running), chosen))


def run_on(site: Path, host: str, script: str) -> "subprocess.CompletedProcess[str]":
    """Run a shell script as root on a host, over ssh and sudo."""
    plan, _ = load_hosts(site, [host])
    return reach.run(LabPaths(plan.site), host, "sudo -n sh -s", stdin=script)


def load_hosts(site: Path, names: Sequence[str] | None) -> tuple[LabPlan, list[PlannedHost]]:
    """Read the plan and choose hosts of it. Raises SiteError, UsageError."""
    plan = load_lab(site)
    return plan, plan.select(list(names) if names else None)


def _finish(say: Say, host: str, step: str) -> None:
    """Tell a host's last step; what shows progress hears that it is the last."""
    getattr(say, "done", say)(host, step)


def _load(site: Path, names: Sequence[str] | None) -> tuple[LabPlan, list[PlannedHost]]:
    plan, chosen = load_hosts(site, names)
    require_tools({host.kind for host in chosen})
    containers = [host.name for host in chosen if host.kind == "container"]
    if containers and (reason := containers_possible()):
        machines = [host.name for host in plan.hosts.values() if host.kind == "machine"]
        hint = f"; without root choose machines: {' '.join(machines)}" if machines else ""
        raise UsageError(f"{', '.join(containers)}: {reason}{hint}")
    return plan, chosen


def _ensure_images(lab: Lab, chosen: Iterable[PlannedHost], say: Say) -> dict[int, Path]:
    """Return the image of each release that the hosts need; builds run side by side."""
    roles = find_house(lab.plan.site).root / "roles"
    images: dict[int, Path] = {}

    def one(release: int, _: threading.Event) -> None:
        log = lab.paths.log(f"image-debian-{release}.log")
        tell = f"debian {release} image"
        images[release] = ensure_image(make_recipe(release, roles), log, lambda s: say(tell, s))

    _side_by_side(sorted({host.settings.debian for host in chosen}), one)
    return images


def _check(host: PlannedHost, lab: Lab, deadline: float, cancelled: threading.Event) -> None:
    log = lab.paths.log(f"{host.name}.console")
    if cancelled.is_set():
        raise reach.CancelledError(f"{host.name}: interrupted")
    if not processes.find(lab.paths.state, host.name):
        raise ToolError(f"{host.name} ended instead of rebooting; the log is {log}")
    if time.monotonic() > deadline:
        raise ToolError(f"{host.name} did not come back from its reboot; the log is {log}")


def _status(lab: Lab, host: PlannedHost, running: list[processes.LabProcess]) -> HostStatus:
    own = next((process for process in running if process.part == host.name), None)
    port = lab.ports.get(host.name)
    ready = own is not None and port is not None and reach.greets(port)
    return HostStatus(
        name=host.name,
        kind=host.kind,
        debian=host.settings.debian,
        state="ready" if ready else "starting" if own else "stopped",
        address=str(host.address),
        port=port,
        pid=own.pid if own else None,
        seconds=round(own.age, 1) if own else None,
    )


def _side_by_side(items: Iterable[Item], work: Callable[[Item, threading.Event], None]) -> None:
    """Do the work for all items at once; raise one ToolError with every failure's sentence.

    An interrupt reaches the work through the event, so that no thread is left behind.
    """
    cancelled = threading.Event()
    todo = list(items)
    if not todo:
        return
    failures: list[RingfenceError] = []
    with ThreadPoolExecutor(max_workers=len(todo)) as pool:
        try:
            for future in as_completed([pool.submit(work, item, cancelled) for item in todo]):
                try:
                    future.result()
                except RingfenceError as error:
                    failures.append(error)
        except BaseException:
            cancelled.set()
            raise
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise ToolError("\n".join(str(failure) for failure in failures))
