"""When services.sh takes a unit for fresh, by a clock of the test's."""

import subprocess
from pathlib import Path

import pytest

from ringfence.facts.shell import call
from ringfence.operations.shell import library


@pytest.fixture
def settle(tmp_path: Path):
    """Settles files that changed in these seconds, in second 100; returns what was done."""

    def settling(*seconds: int) -> list[str]:
        log, clock = tmp_path / "log", tmp_path / "clock"
        log.write_text("")
        clock.write_text("100\n")
        paths = [tmp_path / f"f{number}" for number in range(len(seconds))]
        for path, second in zip(paths, seconds, strict=True):
            path.write_text(f"{second}\n")
        stubs = f"""
            date() {{ cat {clock}; }}
            sleep() {{ echo slept >>{log}; echo $(($(cat {clock}) + 1)) >{clock}; }}
            stat() {{ shift 3; cat -- "$@"; }}
            touch() {{ echo "touched $5" >>{log}; cat {clock} >"$5"; }}
        """
        words = call("settle", str(tmp_path / "absent"), *map(str, paths))
        script = library("services") + stubs + words
        subprocess.run(["sh", "-c", script], check=True, timeout=60)
        return log.read_text().replace(f"{tmp_path}/", "").splitlines()

    return settling


def test_what_changed_before_this_second_is_not_waited_for(settle) -> None:
    assert settle(1, 99) == []


def test_nothing_is_not_waited_for(settle) -> None:
    assert settle() == []


@pytest.mark.parametrize("seconds", [(100,), (1, 100), (100, 1), (99, 100, 98)])
def test_the_second_of_the_newest_change_is_waited_for(settle, seconds) -> None:
    assert settle(*seconds) == ["slept"]


def test_a_clock_that_is_a_second_ahead_is_waited_for(settle) -> None:
    assert settle(101) == ["slept", "slept"]


@pytest.mark.parametrize("seconds", [(102, 1), (1, 102), (99, 500, 98)])
def test_a_change_in_the_future_becomes_one_of_now(settle, seconds) -> None:
    number = next(n for n, second in enumerate(seconds) if second > 101)
    assert settle(*seconds) == [f"touched f{number}", "slept"]
