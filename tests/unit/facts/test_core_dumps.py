"""Which processes may leave their memory on the disk is read from those that run here."""

import resource
import subprocess

from ringfence.facts.core_dumps import CoreDumps


def processes() -> list[int]:
    fact = CoreDumps()
    command = fact.command(path="/etc/none")
    answer = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    return fact.process(answer.stdout.splitlines())["processes"]


def test_a_process_with_a_limit_of_0_is_none_of_them() -> None:
    def without() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    with (
        subprocess.Popen(["sleep", "60"]) as one,
        subprocess.Popen(["sleep", "60"], preexec_fn=without) as other,
    ):
        try:
            found = processes()
        finally:
            one.kill()
            other.kill()
    limited = resource.getrlimit(resource.RLIMIT_CORE)[1] == 0
    assert (one.pid in found) is not limited
    assert other.pid not in found
    assert 1 not in found
