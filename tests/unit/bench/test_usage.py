import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

TESTS = Path(__file__).parents[2]
MEASURE = """
import dataclasses, json, os, sys
from bench import usage
command, options = json.loads(sys.argv[1])
print(json.dumps(dataclasses.asdict(usage.run(command, dict(os.environ), **options))))
"""
EAT = "import sys; data = bytearray(int(sys.argv[1]) << 20); data[::4096] = data[::4096]"


def run(script, *arguments, **options):
    """Measure from a small process, as the bench is: what is started begins with its memory."""
    asked = json.dumps([[sys.executable, "-c", script, *arguments], options])
    told = subprocess.check_output([sys.executable, "-c", MEASURE, asked], cwd=TESTS)
    return SimpleNamespace(**json.loads(told))


def test_output_exit_code_and_memory_are_those_of_the_command():
    small, large = run(EAT, "1"), run(EAT, "200")
    assert large.largest > 200 > 100 > small.largest
    ended = run("print('told'); raise SystemExit(3)")
    assert (ended.output, ended.code) == ("told\n", 3)


def test_processes_that_a_command_starts_are_counted_with_it():
    children = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {EAT!r}, '200'])"
    assert run(children).largest > 150


def test_all_processes_together_are_watched():
    child = "import time; data = bytearray(80 << 20); data[::4096] = data[::4096]; time.sleep(4)"
    script = (
        "import subprocess, sys\n"
        f"started = [subprocess.Popen([sys.executable, '-c', {child!r}]) for _ in range(2)]\n"
        "[each.wait() for each in started]"
    )
    done = run(script, memory=True)
    assert done.together > 150 > done.largest
