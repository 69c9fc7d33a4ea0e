"""What a command's documents are made from costs nothing to a command that doesn't deploy."""

import subprocess
import sys


def test_a_verification_loads_nothing_of_pyinfra():
    code = (
        "import sys, ringfence.cli.verify; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pytest" in done.stdout.split()
    assert {"pyinfra", "gevent"}.isdisjoint(done.stdout.split())
