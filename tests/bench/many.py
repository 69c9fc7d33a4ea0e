"""One command, many hosts: time, the control machine's processor and memory, by their number."""

import json
import os
import shlex
import sys
import tempfile
from pathlib import Path
from statistics import median

from bench import fleet, table, usage
from bench.place import Place, bring
from ringfence.side_by_side import HOSTS_AT_ONCE
from ringfence.site import load_site
from ringfence.site.ssh import ssh_command
from ringfence.verify.questions import Asked, Questions

COUNTS = (1, 4, 16, 64, 200)
DEAD = 5
"""Hosts of the largest number at which nobody listens."""


def measure(place: Place, repeat: int, counts: tuple[int, ...] = COUNTS) -> str:
    """Measure, and return the tables."""
    bring(place)
    fleet.start(place)
    sites = {n: fleet.make_site(place, place.root / f"hosts-{n}", n) for n in counts}
    found: dict[int, list[usage.Usage]] = {count: [] for count in counts}
    known = _learned(place, sites[counts[0]])
    for site in sites.values():
        _teach(place, site, known)
    for turn in range(repeat):
        for count in counts if turn % 2 else reversed(counts):
            found[count].append(_verify(place, sites[count]))
    asking = {n: [_ask(place, sites[n]) for _ in range(repeat)] for n in (counts[0], counts[-1])}
    bare = {n: [_log_in(place, sites[n]) for _ in range(repeat)] for n in asking}
    some_dead = fleet.make_site(place, place.root / "hosts-dead", counts[-1], DEAD)
    _teach(place, some_dead, known)
    return _tables(found, asking, bare) + "\n" + _dead(place, some_dead, counts[-1])


def _learned(place: Place, site: Path) -> Asked:
    """Verify once, and return what the suite asks: every host the same."""
    _verify(place, site)
    first = next(iter(load_site(site).hosts))
    return Questions(site, place.house / "tests/baseline").by_control(first)


def _teach(place: Place, site: Path, commands: Asked) -> None:
    asked = dict.fromkeys(load_site(site).hosts, commands)
    Questions(site, place.house / "tests/baseline").learn(asked, whole_suite=True)


def _verify(place: Place, site: Path, code: int = 0) -> usage.Usage:
    done = usage.run(
        place.inside(place.ringfence("verify", str(site))), place.environment, memory=True
    )
    if done.code != code:
        raise RuntimeError(done.output[-3000:])
    return done


def _ask(place: Place, site: Path) -> usage.Usage:
    command = place.inside([sys.executable, "-m", "bench.asking", str(site)])
    done = usage.run(command, place.environment | {"PYTHONPATH": os.pathsep.join(sys.path)})
    if done.code:
        raise RuntimeError(done.output[-3000:])
    return done


def _log_in(place: Place, folder: Path) -> usage.Usage:
    """Have the OpenSSH client alone run nothing on every host, as many at a time."""
    site = load_site(folder)
    calls = "".join(
        f"{shlex.join([*ssh_command(site, host), 'true'])}\0" for host in site.hosts.values()
    )
    each = ["xargs", "-0", "-P", str(HOSTS_AT_ONCE), "-I{}", "sh", "-c", "{}"]
    with tempfile.TemporaryFile("w+") as listed:
        listed.write(calls)
        listed.seek(0)
        done = usage.run(place.inside(each), place.environment, stdin=listed)
    if done.code:
        raise RuntimeError(done.output[-3000:])
    return done


def _dead(place: Place, site: Path, count: int) -> str:
    """Verify hosts of which some are dead, and tell every host's outcome."""
    _verify(place, site, code=1)
    (run,) = [path.parent for path in (site / "runs").glob("*/results.json")]
    results = json.loads((run / "results.json").read_text())
    verdicts: dict[str, set[str]] = {}
    for test in results["tests"]:
        verdicts.setdefault(test["host"], set()).add(test["verdict"])
    green = sum(seen == {"pass"} for seen in verdicts.values())
    lost = sum(seen == {"unreachable"} for seen in verdicts.values())
    if len(verdicts) != count or lost != DEAD or green != count - DEAD:
        raise RuntimeError(f"of {count} hosts {green} are green, {lost} unreachable")
    return f"With {lost} of {count} hosts dead: {green} green, {lost} unreachable, exit code 1.\n"


def _tables(
    found: dict[int, list[usage.Usage]],
    asking: dict[int, list[usage.Usage]],
    bare: dict[int, list[usage.Usage]],
) -> str:
    middle = {
        count: {
            name: median(getattr(done, name) for done in runs)
            for name in ("wall", "cpu", "largest", "together")
        }
        for count, runs in found.items()
    }
    rows = [
        (
            str(count),
            f"{each['wall']:.1f} s",
            f"{each['cpu']:.1f} s",
            f"{each['largest']:.0f} MB",
            f"{each['together']:.0f} MB",
        )
        for count, each in middle.items()
    ]
    few, most = min(middle), max(middle)
    per_host = (middle[most]["cpu"] - middle[few]["cpu"]) / (most - few) * 1000
    asked, logged_in = (
        (median(d.cpu for d in runs[most]) - median(d.cpu for d in runs[few])) / (most - few) * 1000
        for runs in (asking, bare)
    )
    promised = [
        table.at_most("processor for each further host", per_host, 130, "{:.0f} ms"),
        table.at_most("of it for asking, without pytest", asked, 15, "{:.0f} ms"),
        table.Aim("of that the OpenSSH client, which alone logs in", f"{logged_in:.0f} ms"),
        table.at_most("largest process", middle[most]["largest"], 100, "{:.0f} MB"),
        table.Aim(
            f"largest process, {most} hosts against {few}",
            f"{middle[most]['largest'] / middle[few]['largest']:.1f} times",
            "flat",
            middle[most]["largest"] < 1.5 * middle[few]["largest"],
        ),
    ]
    head = ("hosts", "time", "processor", "largest process", "all processes")
    return f"{table.table(head, rows)}\n{table.aims(promised)}"
