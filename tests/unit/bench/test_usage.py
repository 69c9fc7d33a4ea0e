import os
import sys

from bench import usage

EAT = "import sys; data = bytearray(int(sys.argv[1]) << 20); data[::4096] = data[::4096]"


def run(script, *arguments, **options):
    return usage.run([sys.executable, "-c", script, *arguments], dict(os.environ), **options)


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
