"""How rules are compared, and the questions, run for real on files of this machine."""

import subprocess
from pathlib import Path

import pytest

from ringfence.facts.audit import Audit, LateMounts, OpenRecords, agree, canonical, rules_of
from ringfence.facts.shell import call, library


def asked(*lines: str) -> list[str]:
    script = library("audit") + "\n".join(lines)
    ended = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    return ended.stdout.splitlines()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("-w /etc/ssh/ -p wa -k a", "-a always,exit -S all -F dir=/etc/ssh -F perm=aw -F key=a"),
        ("-w /etc/passwd -p wa -k a", "-a exit,always -F path=/etc/passwd -F perm=wa -k a"),
        (
            "-a always,exit -S open,creat -F auid!=unset",
            "-a always,exit -S creat -S open -F auid!=-1",
        ),
        ("-a always,exit -S chmod,452", "-a always,exit -S chmod,fchmodat2"),
        ("-a always,exit -S open -F auid!=4294967295", "-a always,exit -S open -F auid!=-1"),
    ],
)
def test_one_rule_is_the_same_however_it_is_written(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("-a always,exit -S open", "-a never,exit -S open"),
        ("-a always,exit -S open", "-a always,user -S open"),
        ("-a always,exit -S open", "-a always,exit -S open,creat"),
        ("-a always,exit -F exit=-EACCES", "-a always,exit -F exit=-EPERM"),
        ("-a always,exit -C uid!=euid", "-a always,exit -C gid!=egid"),
        ("-w /etc/ssh/ -p wa", "-w /etc/ssh -p wa"),
    ],
)
def test_different_rules_are_different(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


def test_the_rules_of_a_file_keep_their_order() -> None:
    lines = [
        "# -w /a -p r",
        "-D",
        "-b 10",
        "-w /b -p wa -k b",
        "-a always,exit -S open -k a",
        "-e 2",
    ]
    assert [rule.split(" key=")[1].split()[0] for rule in rules_of(lines)] == ["b", "a"]


def test_links_and_what_is_missing_are_no_places(tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "file")
    paths = [str(tmp_path / name) for name in ("a b", "file", "link", "missing")]
    fact = Audit()
    state = fact.process(asked(call("present", *paths)))
    assert state["directories"] == {paths[0]: True, paths[1]: False}


def test_words_are_whole_words_of_the_line() -> None:
    first, *_ = Path("/proc/cmdline").read_text().split()
    found = asked(call("line", first, f"{first}x", "audit=77"))
    assert found[:3] == ["ringfence-audit", f"lacks {first}x", "lacks audit=77"]


def test_calls_that_auditctl_adds_for_a_kind_of_access_are_no_difference() -> None:
    wanted = [canonical("-a always,exit -S open -F dir=/etc -F perm=wa -k a")]
    printed = canonical("-a always,exit -S open,bind,acct -F dir=/etc -F perm=wa -F key=a")
    assert agree(wanted, [printed])
    assert not agree([printed], wanted)
    assert not agree(wanted, [f"{printed} uid=0"])
    assert not agree(wanted, [printed, printed])
    without = [canonical("-a always,exit -S open -F dir=/etc -k a")]
    assert not agree(without, [canonical("-a always,exit -S open,bind -F dir=/etc -k a")])


def test_what_others_may_read_is_told_and_what_only_root_may_is_not(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    for name, mode in (("log", 0o600), ("log.1", 0o400), ("log.2", 0o640), ("a copy", 0o644)):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
    (tmp_path / "old").mkdir(mode=0o755)
    fact = OpenRecords()
    found = fact.process(asked(call("open_records", str(tmp_path))))
    expected = {
        str(tmp_path / "log.2"): False,
        str(tmp_path / "a copy"): False,
        str(tmp_path / "old"): True,
    }
    assert found.items() >= expected.items()
    if tmp_path.stat().st_uid == 0:
        assert found == expected
    assert fact.process(asked(call("open_records", str(tmp_path / "missing")))) == {}


def test_only_mounts_that_a_boot_may_make_late_are_waited_for() -> None:
    stub = """systemctl() {
        case "$3 $6" in
            "FragmentPath here.mount" | "FragmentPath net.mount") echo /run/systemd/generator/x ;;
            "After here.mount") echo local-fs-pre.target -.mount ;;
            "After net.mount") echo remote-fs-pre.target network-online.target ;;
        esac
    }"""
    units = ["here.mount", "net.mount", "made-by-hand.mount"]
    assert LateMounts().process(asked(stub, call("late_mounts", *units))) == ["here.mount"]
