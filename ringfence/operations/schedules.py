"""Scheduled work: who may use cron and at."""

from collections.abc import Generator, Sequence

from pyinfra.api.command import StringCommand
from pyinfra.api.operation import operation
from pyinfra.context import host

from ringfence.facts.schedules import Schedules, SchedulesState
from ringfence.facts.shell import call
from ringfence.operations.shell import library, named
from ringfence.operations.telling import would, would_change

AT_GROUP = "daemon"
"""The group that Debian's `at` is set to."""


@operation()
def restricted(accounts: list[str], remove: bool) -> Generator[StringCommand, None, None]:
    """Ensure that nobody but `accounts` may use cron and at, and that only root sees their tables.

    With `remove`, tables and jobs of other accounts are moved to /var/lib/ringfence/previous.
    """
    wanted = sorted({named(account, "the account") for account in accounts})
    state = host.get_fact(Schedules)
    lines = [call("close_schedule", path) for path in state["open"]]
    would_change("root's alone", *state["open"])
    for program, group in (("cron", state["crontab_group"]), ("at", AT_GROUP)):
        if not _is_as_wanted(state, program, group, wanted):
            lines.append(call("allow", program, group, *wanted))
            would_change(f"names {', '.join(wanted) or 'nobody'} alone", f"/etc/{program}.allow")
    unwanted = [f"/etc/{program}.deny" for program in state["denied"]]
    if remove:
        unwanted += [path for account, path in state["planned"] if account not in wanted]
    for path in unwanted:
        would("removal", path=path)
    lines += [call("remove", path) for path in unwanted]
    if lines:
        yield _script(lines)
    else:
        host.noop(f"cron and at are open to {', '.join(wanted)} alone")


def _is_as_wanted(state: SchedulesState, program: str, group: str, wanted: Sequence[str]) -> bool:
    found = state["lists"].get(program)
    return found is not None and (
        (found["mode"], found["owner"], found["group"]) == ("640", "root", group)
        and found["accounts"] == list(wanted)
    )


def _script(lines: Sequence[str]) -> StringCommand:
    opening = ["clean() { :; }", "undo() { :; }", "begin", "committed=yes"]
    return StringCommand(library("tree") + library("schedules") + "\n".join([*opening, *lines]))
