"""Which processes may leave their memory on the disk is read from those that run here."""

import resource
import shutil
import subprocess
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(("seconds", "told"), [(1.5, 0), (60, 1)])
def test_what_systemd_is_about_to_execute_is_waited_for_a_while(
    tmp_path: Path, seconds: float, told: int
) -> None:
    """In a namespace whose first process starts one that is called by a number."""
    program = tmp_path / "9"
    shutil.copy("/usr/bin/sleep", program)
    script = '"$1" "$2" & sleep 0.1; prlimit --core=0:0 sh -c "$3"'
    command = CoreDumps().command(path="/etc/none")
    words = [
        "prlimit",
        "--core=:1",
        "unshare",
        "--user",
        "--map-root-user",
        "--pid",
        "--fork",
        "--kill-child",
    ]
    words += ["--mount-proc", "sh", "-c", script, "sh"]
    words += [str(program), str(seconds), command]
    answer = subprocess.run(words, capture_output=True, text=True, check=False)
    assert len(CoreDumps().process(answer.stdout.splitlines())["processes"]) == told, answer
