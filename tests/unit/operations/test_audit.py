"""What starts auditd anew, loads rules and tells losses, run for real with stubs for programs."""

import subprocess
from pathlib import Path

import pytest

from ringfence.facts.shell import call
from ringfence.operations.shell import library

STUBS = """\
complain() { printf 'ringfence: %s\\n' "$*" >&2; }
fail() { complain "$@"; exit 1; }
settle() { :; }
starts() { echo "$1" >"$state/main"; echo "$1" >"$state/kernel"; }
act() { printf 'act %s %s\\n' "$1" "$2"; starts 200; }
kill() { printf 'kill %s %s\\n' "$1" "$2"; [ "$1" != -TERM ] || starts 201; }
systemctl() { cat "$state/main"; }
auditctl() {
    case $1 in
        -s) printf 'enabled 1\\npid %s\\nlost 0\\n' "$(cat "$state/kernel")" ;;
        -l) printf '%s\\n' '-w /a -p wa' '-w /b -p wa' ;;
        *) printf 'auditctl %s\\n' "$*" ;;
    esac
}
"""


def run(tmp_path: Path, *lines: str, main: str = "0", kernel: str = "0", stubs: str = ""):
    (tmp_path / "main").write_text(f"{main}\n")
    (tmp_path / "kernel").write_text(f"{kernel}\n")
    script = f"state={tmp_path}\n{STUBS}{library('audit')}{stubs}\n" + "\n".join(lines)
    return subprocess.run(["sh", "-uc", script], capture_output=True, text=True, check=False)


def test_auditd_that_does_not_run_is_started(tmp_path: Path) -> None:
    ended = run(tmp_path, call("start_auditd", "/etc/audit/auditd.conf"))
    assert ended.stdout.splitlines() == ["act start auditd.service", "auditd takes the records"]


def test_auditd_that_runs_is_ended_and_waited_for(tmp_path: Path) -> None:
    ended = run(tmp_path, "restart_auditd /etc/a", main="100", kernel="0")
    assert ended.stdout.splitlines() == [
        "kill -CONT 100",
        "kill -TERM 100",
        "auditd takes the records",
    ]


def test_auditd_that_never_takes_the_records_is_told(tmp_path: Path) -> None:
    stubs = "date() { echo $(($(cat $state/now) + 100)) | tee $state/now; }\nsleep() { :; }"
    (tmp_path / "now").write_text("0\n")
    ended = run(tmp_path, "wait_for_auditd 0", main="100", kernel="0", stubs=stubs)
    assert ended.returncode == 1
    assert "auditd does not take the kernel's records after 120 seconds" in ended.stderr


@pytest.mark.parametrize(
    ("said", "code", "told"),
    [
        ("enabled 1", 0, ""),
        (
            "Error sending add rule data request (No such file)",
            0,
            "the kernel refuses a rule: Error",
        ),
        ("There was an error in line 44 of /etc/audit/audit.rules", 0, "the kernel refuses a rule"),
        ("Error deleting rule", 1, "the rules cannot be loaded: Error deleting rule"),
    ],
)
def test_a_rule_that_the_kernel_refuses_is_told(
    tmp_path: Path, said: str, code: int, told: str
) -> None:
    stubs = f"augenrules() {{ echo '{said}'; return {code}; }}"
    ended = run(tmp_path, "load_rules", stubs=stubs)
    assert ended.returncode == code
    assert told in ended.stderr
    assert code or "loaded 2 rules" in ended.stdout


def test_lost_records_are_told_and_counted_anew(tmp_path: Path) -> None:
    ended = run(tmp_path, "acknowledge 7")
    assert ended.stderr == "ringfence: 7 records of the audit were lost since the last apply\n"
