"""Judges many hosts a group at a time, so that memory doesn't grow with their number.

pytest keeps every test of every host until its session ends: as many as a site has hosts. So each
group has a session of its own, in a process of its own. It is forked from this one, which has
imported pytest and the plugin already: a second interpreter's start would cost more than judging a
few hosts. While one group waits for its hosts another is judged.
"""

import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import pytest
import testinfra.plugin

import ringfence.verify.plugin
from ringfence.pyinfra_process import die_with_parent
from ringfence.verify.division import Group

JUDGED = (0, 1, 5)
"""What pytest ends with when it judged: all green, something red, all settled before it ran."""


def judge(groups: Sequence[Group], at_once: int) -> int:
    """Judge groups, some at a time; return the first exit code that means that one wasn't judged.

    After such a one no other is begun, for the suite or the call is at fault. Without any it is 0,
    whatever the verdicts. A group that was killed costs no other: it leaves no results.
    """
    waiting, running, trouble = list(groups), set[int](), 0
    while running or (waiting and not trouble):
        if waiting and not trouble and len(running) < at_once:
            running.add(_fork(waiting.pop(0)))
            continue
        process, status = os.wait()
        running.discard(process)
        code = os.waitstatus_to_exitcode(status)
        if code > 0 and code not in JUDGED:
            trouble = trouble or code
    return trouble


def _fork(group: Group) -> int:
    process = os.fork()
    if process:
        return process
    code = 3  # pytest's own code for an internal error
    try:
        die_with_parent()
        log = os.open(group.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, stream in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, stream)
        plugins = [testinfra.plugin, ringfence.verify.plugin]
        code = int(pytest.main(group.arguments, plugins))
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)  # what this process would do at its end, its parent will do


def main() -> int:
    """Judge the groups that standard input describes (`asked`), as long as whoever asked lives."""
    die_with_parent()
    document = json.load(sys.stdin)
    return judge([Group(**each) for each in document["groups"]], document["at_once"])


if __name__ == "__main__":
    sys.exit(main())
