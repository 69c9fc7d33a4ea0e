import os
import subprocess

import pytest
from bench.counting import Counter


def test_every_call_is_counted_and_the_program_still_runs(tmp_path):
    counter = Counter(tmp_path / "bin", "echo")
    for word in ("one", "two"):
        done = subprocess.run(
            ["sh", "-c", f"command env echo {word}"],
            env=os.environ | counter.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == f"{word}\n"
    assert counter.calls == ["one", "two"]
    subprocess.run(["echo", "three\nlines\nlong"], env=os.environ | counter.environment, check=True)
    assert len(counter.calls) == 3
    counter.reset()
    assert counter.calls == []


def test_a_program_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError):
        Counter(tmp_path / "bin", "no-such-program")
