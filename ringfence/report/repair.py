"""What to do about a red verdict: the command to type, where there is one."""

import shlex
from dataclasses import dataclass
from pathlib import PurePath

from ringfence.verify.results import ControlResult, TestResult
from ringfence.verify.runs import Run
from ringfence.verify.verdicts import Verdict

WITH_SITE = ("verify", "apply", "rollback")
"""Commands that verify; the site is their argument, and usually stands first. A path that begins
with a dot means something else to who reads the report elsewhere."""


@dataclass(frozen=True)
class Repair:
    """The next step: a word for it, its text (a command to type, or advice), what comes after."""

    label: str
    text: str
    is_command: bool = True
    afterwards: str = ""


def repair(run: Run, result: ControlResult | TestResult, site_argument: str) -> Repair:
    """Return the next step after a red ``result``.

    A failure is repaired by applying the control's roles; an error asks for the measurement to be
    made again, alone; an unreachable host for a try of the bare connection.

    Args:
        run: the run that holds the result.
        result: the outcome of a control or test.
        site_argument: the site as the operator types it, such as ``inventories/lab``.
    """
    if result.verdict is Verdict.UNREACHABLE:
        return Repair("try", _connection(run, result.host))
    if result.verdict is Verdict.ERROR:
        words = ["verify", site_argument, "--control", result.control, "--limit", result.host]
        return Repair("ask again", shlex.join(["ringfence", *words]))
    if result.verdict is not Verdict.FAIL:
        return Repair("", "", is_command=False)
    control = run.controls.get(result.control, {})
    role = control.get("role")
    if not role:
        by_hand = control.get("remedy") or control.get("title") or f"meet {result.control}"
        text = f"no role does this; on {result.host}, by hand: {by_hand}"
        return Repair("repair", text, is_command=False)
    roles = ",".join([str(role), *control.get("joined_by", [])])
    words = ["apply", site_argument, "--role", roles, "--limit", result.host]
    afterwards = f"reboot {result.host}" if control.get("verifies") == "after reboot" else ""
    return Repair("repair", shlex.join(["ringfence", *words]), afterwards=afterwards)


def repair_command(run: Run, result: ControlResult | TestResult, site_argument: str) -> str:
    """Return the command of ``repair``, or its sentence where no command helps."""
    return repair(run, result, site_argument).text


def site_argument_of(run: Run) -> str:
    """Return the site as it was typed in the run's command, else where it would usually lie."""
    site = run.provenance.site
    try:
        typed = shlex.split(run.provenance.command)
    except ValueError:
        typed = []
    match typed:
        case [_, command, first, *_] if command in WITH_SITE and first[:1] not in ("", "-", "."):
            return first
    for argument in typed[1:]:
        if not argument.startswith("-") and "/" in argument and PurePath(argument).name == site:
            return argument
    return f"inventories/{site}"


def _connection(run: Run, host: str) -> str:
    """Return the ssh command that only tries whether ``host`` answers."""
    described = run.hosts.get(host, {})
    if recorded := described.get("ssh"):
        return f"{recorded} true"
    return shlex.join(["ssh", "-o", "BatchMode=yes", str(described.get("address") or host), "true"])
