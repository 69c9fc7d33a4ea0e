"""pyinfra as a child process that does not outlive the run that started it.

A run that is killed no longer guards its hosts: what pyinfra would go on to change there, nobody
would put back. On Linux the kernel ends it with its parent (PR_SET_PDEATHSIG, prctl(2)).
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent or parent == 1:
            sys.exit(1)


if __name__ == "__main__":
    die_with_parent()
    from pyinfra_cli.main import main

    sys.argv[0] = "pyinfra"
    main()
