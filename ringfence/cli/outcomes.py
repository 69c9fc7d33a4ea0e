"""Every host's outcome of a plan, an apply or a rollback, for people."""

import re
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from ringfence.deployment import Deployment, HostOutcome
from ringfence.effects import FileChange, UnitAct

DIFFS = ("none", "short", "whole")
MOST_LINES, MOST_OF_NEW = 24, 6
"""How many lines a short diff has, of a file that is there and of a new one."""
STATES = {"ok": "green", "FAILED": "bold red", "REVERTED": "bold red"}
SIGNS = {"+": "green", "-": "red", "@": "cyan"}
BARREN = re.compile(r"-\s*(#|$)")


def report_deployment(outcome: Deployment, diff: str = "short") -> None:
    """Print each host's outcome: operations, files with a `diff` of DIFFS, units, what failed."""
    console = Console(highlight=False, soft_wrap=True)
    for name, host in sorted(outcome.hosts.items()):
        for line in lines_of(name, host, outcome.dry, diff):
            console.print(line)


def lines_of(name: str, host: HostOutcome, dry: bool, diff: str) -> Iterator[Text]:
    """Yield the lines about one host."""
    state = "FAILED" if host.failed or not host.completed else "ok"
    state = "REVERTED" if host.reverted else state
    counts = counted(host, dry)
    yield Text.assemble((name, "bold"), ": ", (state, STATES[state]), f", {counts}")
    for line in host.guard:
        yield Text(f"  guard: {line}")
    files = list(host.files)
    for operation in host.changed:
        yield Text(f"  {'would change' if dry else 'changed'}: {operation}")
        for change in [change for change in files if change.operation == operation]:
            files.remove(change)
            yield from _file(change, diff)
        for thing in host.things:
            if thing.operation == operation:
                yield Text(f"    {thing.thing}: {thing.change}")
    for change in files:
        yield from _file(change, diff)
    for act in host.units:
        yield Text(f"  {told(act, dry)}", "yellow")
    if host.reboot:
        yield Text(f"  due for a reboot: {host.reboot}", "yellow")
    for operation in host.failed:
        yield Text(f"  failed: {operation}", "red")
    for line in dict.fromkeys(host.trouble):
        if state != "ok" or line.startswith("ringfence: "):
            yield Text(f"  {line}")


def counted(host: HostOutcome, dry: bool) -> str:
    """Return how many operations changed, or would change, something."""
    if dry:
        return f"{len(host.changed)} would change"
    if host.completed and not host.changed and not host.unchanged:
        return "0 changed: nothing to change"
    return (
        f"{len(host.changed)} changed, {len(host.unchanged)} unchanged, {len(host.failed)} failed"
    )


def told(act: UnitAct, dry: bool) -> str:
    """Return what is done to a unit, in words."""
    past = {"run": "ran", "stop": "stopped"}.get(act.verb, f"{act.verb}ed")
    sentence = f"would {act.verb}: {act.unit}" if dry else f"{past}: {act.unit}"
    return f"{sentence} (for {', '.join(act.because)})" if act.because else sentence


def _file(change: FileChange, diff: str) -> Iterator[Text]:
    hidden = f"; not shown: {change.hidden}" if change.hidden else ""
    yield Text(f"    {change.path}: {change.what}{hidden}", "dim" if change.hidden else "")
    if diff == "none":
        return
    lines = list(change.diff) if diff == "whole" else shortened(change)
    for line in lines:
        yield Text(f"      {line}", SIGNS.get(line[:1], ""))
    if left := len(change.diff) - len(lines):
        yield Text(f"      … {left} more lines: --diff whole", "dim")


def shortened(change: FileChange) -> list[str]:
    """Return the lines of a short diff: its beginning, without comments and blanks that go."""
    is_new = change.what.startswith("new ")
    telling = [line for line in change.diff if not BARREN.match(line)]
    return telling[: MOST_OF_NEW if is_new else MOST_LINES]
