import io
from pathlib import Path

import pytest
from rich.console import Console

from ringfence.report.summary import FULL_FINDINGS, print_summary
from ringfence.verify.results import Results, TestResult
from ringfence.verify.verdicts import Verdict

GOLDEN = Path(__file__).parent / "golden" / "summary.txt"
COMMANDS = ("    repair ", "    ask again ", "    try ")


def printed(run, **options):
    output = io.StringIO()
    print_summary(run, Console(file=output, **options), "inventories/lab")
    return output.getvalue()


def test_the_sample_is_as_it_was(run):
    assert printed(run, width=100) == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [40, 80, 100, 300])
def test_no_line_but_a_command_is_wider_than_the_terminal_or_100_columns(run, hostile_run, width):
    for text in (printed(run, width=width), printed(hostile_run, width=width)):
        for line in text.splitlines():
            assert len(line) <= min(width, 100) or line.startswith(COMMANDS)


def test_a_command_is_never_broken(run):
    command = "ringfence apply inventories/lab --role ssh --limit pbx1"

    assert command in printed(run, width=40)


def test_without_a_terminal_it_is_plain(run):
    assert "\x1b" not in printed(run, width=100)


def test_a_terminal_gets_colours_and_the_same_words(run):
    coloured = printed(run, width=100, force_terminal=True, color_system="standard")

    assert "\x1b[1;31mfail" in coloured


def test_hosts_and_controls_come_worst_first(run):
    lines = printed(run, width=100).splitlines()

    assert [line.split()[0] for line in lines[1:3]] == ["pbx1", "pbx2"]
    start = lines.index("controls")
    assert lines[start + 1].split()[:2] == ["SSH-01", "fail"]


def test_only_some_findings_are_printed_in_full(run):
    names = [f"test_{number}" for number in range(3)]
    tests = [
        TestResult(host, control, name, Verdict.FAIL, "broken")
        for host in run.hosts
        for control in run.controls
        for name in names
    ]
    run.results.tests[:] = tests
    run.results.unreachable.clear()

    text = printed(run, width=100)

    assert text.count("    repair ") == FULL_FINDINGS
    assert f"  … and {25 - FULL_FINDINGS} more: see report.html" in text


def test_a_green_run_has_nothing_to_do(green_run):
    text = printed(green_run, width=100)

    assert "to do" not in text
    assert text.splitlines()[-1] == "pass  2 hosts, 4 controls: 8 pass"


def test_a_run_that_judged_nothing_says_so(make_run):
    text = printed(make_run(Results(), hosts={}, controls={}), width=100)

    assert text.splitlines()[-1] == "error  0 hosts, 0 controls: nothing judged"


def test_what_a_host_sent_moves_no_cursor_and_is_no_markup(hostile_run):
    text = printed(hostile_run, width=100, force_terminal=True, color_system=None)

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[bold]x[/bold]" in text
    assert ":boom:" in text


def test_a_long_value_is_cut(run):
    failing = next(test for test in run.results.tests if test.verdict is Verdict.FAIL)
    failing.observations[0]["observed"] = "word " * 400

    lines = printed(run, width=100).splitlines()

    assert sum("word word" in line for line in lines) == 5
    assert "…" in [line.strip() for line in lines]


def test_a_terminal_that_is_not_utf_8_gets_what_it_can_show(run):
    raw = io.BytesIO()
    failing = next(test for test in run.results.tests if test.verdict is Verdict.FAIL)
    failing.observations[0]["observed"] = "ñ → x " * 200
    output = io.TextIOWrapper(raw, encoding="ascii")

    print_summary(run, Console(file=output, width=60), "inventories/lab")

    output.flush()
    assert b"\\xf1 \\u2192 x" in raw.getvalue()


def test_a_reboot_that_the_repair_needs_is_named(run):
    run.controls["SSH-01"]["verifies"] = "after reboot"

    assert "    then       reboot pbx1\n" in printed(run, width=100)
