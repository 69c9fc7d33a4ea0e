"""pyinfra as a child process that does not outlive the run that started it.

A run that is killed no longer guards its hosts: what pyinfra would go on to change there, nobody
would put back. On Linux the kernel ends it with its parent (PR_SET_PDEATHSIG, prctl(2)).
"""

import ctypes
import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

from ringfence.pyinfra_facts import answer_beforehand, ask_over_one_channel, keep_questions

PR_SET_PDEATHSIG = 1
QUESTIONS = "RINGFENCE_QUESTIONS"
"""The environment's name for the file in which what a plan asks is kept (`ringfence.unchanged`)."""
ANSWERS = "RINGFENCE_ANSWERS"
"""The environment's name for the descriptor of a file with what hosts have answered already
(`ringfence.pyinfra_facts`), in JSON."""
OPERATIONS = re.compile(r"Operations: (?P<count>\d+)")
"""How this process says, before it begins, how many operations it will run."""


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent or parent == 1:
            sys.exit(1)


def announce_operations() -> None:
    """Have pyinfra say how many operations it is about to run: whoever watches asks how long."""
    from pyinfra_cli import cli

    run = cli.run_ops

    def announce_and_run(state: Any, *arguments: Any, **options: Any) -> Any:
        print(f"--> Operations: {len(state.get_op_order())}", file=sys.stderr, flush=True)
        return run(state, *arguments, **options)

    cli.run_ops = announce_and_run


if __name__ == "__main__":
    die_with_parent()
    from pyinfra_cli.main import main

    announce_operations()
    ask_over_one_channel()
    if ANSWERS in os.environ:
        with os.fdopen(int(os.environ[ANSWERS])) as given:
            answer_beforehand(json.load(given))
    if QUESTIONS in os.environ:
        keep_questions(Path(os.environ[QUESTIONS]))
    sys.argv[0] = "pyinfra"
    main()
