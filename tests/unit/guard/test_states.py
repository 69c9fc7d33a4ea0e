import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ringfence.guard import preflight
from ringfence.guard.channel import RefusedError, Run
from ringfence.guard.states import (
    Covered,
    Kept,
    Step,
    Target,
    later_runs,
    open_command,
    parse_history,
    parse_steps,
    script,
    states_command,
)

R1, R2, R3 = (f"2026112{day}T000000Z-00000{day}" for day in (1, 2, 3))
BACK = "20261124T000000Z-000004"
FULL = 32
"""Blocks of 512 bytes that a file may have (`ulimit -f`) where a disk is full."""
SYSTEMCTL = """#!/bin/sh
# A manager of services that are lines of a file: unit, active, enabled.
cd "${0%/*}" || exit 1
set_to() { sed -i "s/^\\($1 [^ ]*\\) .*/\\1 $2/" units; }
run_as() { sed -i "s/^$1 [^ ]*/$1 $2/" units; }
[ "$1" != --quiet ] || shift
verb=$1
shift
if [ "$verb" = show ]; then # it may refuse to be stopped while its drop-in is there
    case $2 in
        RefuseManualStop) [ ! -e "$(cat drop-in 2>/dev/null)" ] || echo yes ;;
        MainPID) cat main ;;
    esac
    exit
fi
[ "$verb $2" != "stop a.service" ] || [ ! -e "$(cat drop-in 2>/dev/null)" ] || exit 1
while [ "${1#-}" != "${1:-}" ]; do shift; done
case $verb in
    list-unit-files) awk '$3 != "absent" { print $1, $3, "enabled" }' units ;;
    list-units) awk '{ print $1, "loaded", $2, "x", "about" }' units ;;
    is-enabled) awk -v unit="$1" '$1 == unit { print $3 }' units ;;
    enable | unmask) set_to "$1" enabled ;;
    disable) set_to "$1" disabled ;;
    mask) set_to "$1" masked ;;
    restart | reload) run_as "$1" active ;;
    stop) run_as "$1" inactive ;;
esac
case $verb in list-* | is-* | daemon-reload | reset-failed) ;; *) echo "$verb $1" >>calls ;; esac
"""
DPKG_QUERY = """#!/bin/sh
cd "${0%/*}" || exit 1
[ "$3" = '${Conffiles}\\n' ] && cat conffiles || cat packages
"""


class Host:
    """A folder that stands for a host, with a manager of services that is a file."""

    def __init__(self, root):
        self.etc, self.store, self.tools = root / "etc", root / "store", root / "tools"
        self.info = root / "info"
        for folder in (self.etc, self.tools, self.info, self.store / "guard"):
            folder.mkdir(parents=True)
        (self.tools / "systemctl").write_text(SYSTEMCTL)
        (self.tools / "systemctl").chmod(0o755)
        (self.tools / "dpkg-query").write_text(DPKG_QUERY)
        (self.tools / "dpkg-query").chmod(0o755)
        (self.tools / "packages").write_text("installed old\n")
        (self.tools / "units").write_text("a.service active enabled\nb.timer inactive absent\n")
        self.text = (
            script()
            .replace("/var/lib/ringfence", str(self.store))
            .replace("PATH=/usr/sbin", f"PATH={self.tools}:/usr/sbin")
            .replace("/var/lib/dpkg/info", str(self.info))
            .replace("/etc/group", str(self.etc / "group"))
            .replace("/etc/ringfence/", f"{self.etc}/ringfence/")
            .replace("/tmp/*", "/nowhere/*")  # where this folder lies
        )

    def ask(self, *words, said="", before=str):
        (self.store / "script").write_text(before(self.text))
        return subprocess.run(
            ["sh", str(self.store / "script"), *words], input=said, capture_output=True, text=True
        )

    def states(self, *words, said=""):
        ended = self.ask(*words, said=said)
        assert (ended.returncode, ended.stderr) == (0, "")
        return ended.stdout

    def known(self):
        question = preflight.KNOWN.replace("/var/lib/ringfence", str(self.store))
        return subprocess.run(["sh", "-c", question], capture_output=True).stdout

    def refused(self, *words):
        ended = self.ask(*words)
        assert ended.returncode == 1
        return ended.stderr

    def run(self, name, change=None, coverage=True, recorded=(), acted=()):
        """A run that changes the host."""
        lines = f"path {self.etc}\nservice a.service\n" if coverage else ""
        self.states("open", name, "ana@control", said=lines)
        for path in recorded:
            self.states("record", str(path))
        for line in acted:
            self.states("acted", *line.split())
        if change:
            change()
        self.states("close", name)

    def arm(self, name):
        (self.store / "guard/record").write_text(f"run={name}\n")
        (self.store / "guard/armed").touch()

    def go_back(self, *runs, by=BACK):
        self.arm(by)
        self.states("open", by, "ana@control")
        steps = list(parse_steps(self.states("restore", by, *runs)))
        (self.store / "guard/armed").unlink()
        self.states("close", by)
        return {(step.name.replace(f"{self.etc}/", ""), step.how) for step in steps}

    def planned(self, *runs):
        return list(parse_steps(self.states("plan", *runs)))

    def history(self):
        return [(kept.run, kept.changes) for kept in parse_history(self.states("list"))]

    def units(self):
        return (self.tools / "units").read_text().splitlines()

    def calls(self):
        made = self.tools / "calls"
        return made.read_text().splitlines() if made.exists() else []

    def tree(self):
        entries = sorted(self.etc.rglob("*"))
        return {
            str(path.relative_to(self.etc)): (
                path.lstat().st_mode,
                path.readlink()
                if path.is_symlink()
                else path.read_text()
                if path.is_file()
                else "",
            )
            for path in entries
        }


@pytest.fixture
def host(tmp_path):
    host = Host(tmp_path)
    (host.etc / "kept").write_text("kept")
    (host.etc / "changed").write_text("first")
    (host.etc / "changed").chmod(0o600)
    (host.etc / "link").symlink_to("kept")
    (host.etc / "d").mkdir(mode=0o750)
    (host.etc / "d/removed").write_text("a b\n")
    return host


def change(host):
    (host.etc / "changed").unlink()
    (host.etc / "changed").write_text("second")
    (host.etc / "link").unlink()
    (host.etc / "link").write_text("no link")
    shutil.rmtree(host.etc / "d")
    (host.etc / "new dir").mkdir()
    (host.etc / "new dir/in it").write_text("x")


@pytest.mark.parametrize("coverage", [True, False])
def test_a_changed_tree_comes_back_whole_and_only_what_changed_is_kept(host, coverage):
    before = host.tree()
    os.setxattr(host.etc / "changed", "user.label", b"kept")
    names = ("changed", "link", "d", "new dir", "new dir/in it")
    recorded = () if coverage else [host.etc / name for name in names]
    host.run(R1, lambda: change(host), coverage, recorded)
    after = host.tree()
    assert host.history() == [(R1, 6)]
    steps = host.go_back(R1)
    assert host.tree() == before
    assert os.getxattr(host.etc / "changed", "user.label") == b"kept"
    assert ("changed", "put back") in steps
    assert ("new dir", "removed") in steps
    assert "kept" not in {name for name, _ in steps}
    assert host.planned(R1) == []
    host.go_back(BACK, R1, by=R2)  # what is as it was leaves nothing behind
    assert host.history() == [(R1, 6), (BACK, 6)]
    host.go_back(BACK, by=R3)  # and a rollback is undone like any other run
    assert host.tree() == after


def test_the_oldest_of_several_runs_decides(host):
    def write(text):
        return lambda: (host.etc / "changed").write_text(text)

    for number, run in enumerate((R1, R2, R3)):
        host.run(run, write(f"by run {number}"))
    host.go_back(R3, R2)
    assert (host.etc / "changed").read_text() == "by run 0"


@pytest.mark.parametrize("acted", [(), ("restart a.service",)])
def test_a_run_that_changed_nothing_is_forgotten(host, acted):
    host.run(R1, acted=acted)
    assert host.history() == []
    assert not (host.store / "states" / R1).exists()


@pytest.mark.parametrize("changes", [False, True])
def test_a_host_is_known_from_the_end_of_its_first_run_on(host, changes):
    assert host.known() == b""
    host.states("open", R1, "ana@control", said=f"path {host.etc}\n")
    if changes:
        change(host)
    assert host.known() == b""  # a run that is killed here leaves a host that is armed unasked
    host.states("close", R1)
    assert host.known() == b"yes\n"


def test_five_states_are_kept(host):
    runs = [f"20261101T00000{number}Z-aaaaaa" for number in range(6)]
    for run in runs:
        host.run(run, lambda run=run: (host.etc / "changed").write_text(run))
    assert host.history() == [(runs[0], None), *((run, 1) for run in runs[1:])]
    assert "is not kept here" in host.refused("plan", runs[1], runs[0])


def test_services_come_back(host):
    def on():
        (host.tools / "units").write_text("a.service inactive masked\nb.timer active enabled\n")

    host.run(R1, on, acted=("restart b.timer",))
    host.go_back(R1)
    assert host.units() == ["a.service active enabled", "b.timer inactive disabled"]
    assert host.planned(R1) == []


def test_a_service_that_refuses_to_be_stopped_is_stopped_once_its_drop_in_is_gone(host):
    drop_in = host.etc / "refusal"

    def change():
        drop_in.write_text("RefuseManualStop=yes")
        (host.tools / "units").write_text("a.service active enabled\n")

    (host.tools / "drop-in").write_text(f"{drop_in}\n")
    (host.tools / "units").write_text("a.service inactive disabled\n")
    host.run(R1, change, acted=["start a.service"])
    assert ("refusal", "removed") in host.go_back(R1)
    assert host.units() == ["a.service inactive disabled"]
    assert host.calls()[-1] == "stop a.service"


def test_a_service_that_refuses_to_be_stopped_is_ended_to_be_restarted(host):
    (host.tools / "drop-in").write_text(f"{host.etc}/kept\n")
    process = subprocess.Popen(["sleep", "60"])
    (host.tools / "main").write_text(f"{process.pid}\n")
    host.run(R1, lambda: (host.etc / "changed").write_text("x"), acted=["restart a.service"])
    # systemd starts what has ended: here, that is another number.
    ended = f'kill -TERM "$main" && echo 4194304 >{host.tools}/main'
    host.text = host.text.replace('kill -TERM "$main"', ended)
    assert ("a.service", "restarted") in host.go_back(R1)
    assert process.wait(timeout=10) == -15
    assert "restart a.service" not in host.calls()


def test_what_was_reloaded_for_a_file_is_reloaded_again(host):
    host.run(R1, lambda: change(host), acted=("reload a.service",))
    host.go_back(R1)
    assert host.calls() == ["reload a.service"]
    host.go_back(R1, by=R2)
    assert host.calls() == ["reload a.service"]


def test_entries_of_others_stay_in_account_databases(host):
    group = host.etc / "group"
    group.write_text("sudo:x:27:ana\nadm:x:4:\n")
    host.run(R1, lambda: group.write_text("sudo:x:27:\nadm:x:4:\nours:x:999:\n"))
    group.write_text("sudo:x:27:\nadm:x:4:bruno\nours:x:999:\npostgres:x:120:\n")
    steps = host.go_back(R1)
    assert ("group", "entries put back") in steps
    assert group.read_text().splitlines() == [
        *("sudo:x:27:ana", "adm:x:4:bruno", "ours:x:999:", "postgres:x:120:")
    ]
    assert host.planned(R1) == []


def test_a_new_directory_that_others_use_stays(host):
    def make():
        (host.etc / "shared").mkdir()
        (host.etc / "shared/ours").touch()

    host.run(R1, make)
    (host.etc / "shared/theirs").touch()
    host.go_back(R1)
    assert [path.name for path in (host.etc / "shared").iterdir()] == ["theirs"]
    assert host.planned(R1) == []


def test_what_packages_brought_since_stays_as_they_brought_it(host):
    brought = {"a/own": "of the package", "a/changed": "of the package", "conf": "of the package"}
    sums = {name: hashlib.md5(text.encode()).hexdigest() for name, text in brought.items()}

    def installs():
        (host.etc / "a").mkdir()
        for name, text in brought.items():
            (host.etc / name).write_text(text)
        (host.etc / "a/changed").write_text("of Ringfence")
        (host.etc / "a/ours").write_text("of Ringfence")
        (host.etc / "ours").write_text("of Ringfence")
        listed = [f"{sums[name]}  {str(host.etc)[1:]}/{name}\n" for name in ("a/own", "a/changed")]
        (host.info / "new:amd64.md5sums").write_text("".join(listed))
        (host.tools / "conffiles").write_text(f" {host.etc}/conf {sums['conf']}\n")
        (host.tools / "packages").write_text("installed new:amd64\ninstalled old\n")

    host.run(R1, installs)
    host.go_back(R1)
    assert (host.etc / "a/own").read_text() == "of the package"
    assert (host.etc / "conf").read_text() == "of the package"
    for gone in ("a/changed", "a/ours", "ours"):
        assert not (host.etc / gone).exists()


def test_second_factors_are_not_kept_and_do_not_come_back(host):
    factors = host.etc / "ringfence/totp"
    factors.mkdir(parents=True)
    (factors / "ana").write_text("the old key")

    def rotate():
        (factors / "ana").write_text("the new key, with a code that was used")
        (host.etc / "changed").write_text("second")

    host.run(R1, rotate, recorded=[factors / "ana", host.etc / "changed"])
    assert ("changed", "put back") in host.go_back(R1)
    assert (factors / "ana").read_text() == "the new key, with a code that was used"
    assert not [
        path
        for path in (host.store / "states").rglob("*")
        if path.is_file() and "the old key" in path.read_text()
    ]


def test_a_run_that_died_is_closed_by_the_next(host):
    host.states("open", R1, "ana@control", said=f"path {host.etc}\n")
    (host.etc / "changed").write_text("half")
    host.run(R2, lambda: (host.etc / "changed").write_text("whole"))
    assert host.history() == [(R1, 1), (R2, 1)]
    host.go_back(R2, R1)
    assert (host.etc / "changed").read_text() == "first"


def test_a_run_that_is_at_work_is_not_closed_by_a_question(host):
    host.states("open", R1, "ana@control", said=f"path {host.etc}\n")
    (host.etc / "changed").write_text("second")
    (host.store / "guard/lock").write_text(f"run={R1}\n")
    assert host.history() == []
    (host.store / "guard/lock").unlink()
    assert host.history() == [(R1, 1)]


def test_nothing_goes_back_unguarded(host):
    host.run(R1, lambda: change(host))
    changed = host.tree()
    host.states("open", BACK, "ana@control")
    assert "is not armed" in host.refused("restore", BACK, R1)
    assert host.tree() == changed


def test_a_full_disk_refuses_before_anything_changes(host):
    (host.etc / "big").write_text("x" * 100_000)
    ended = host.ask(
        *("open", R1, "ana@control"),
        said=f"path {host.etc}\n",
        before=lambda text: text.replace("set -u\n", "set -u\nulimit -f 16\n", 1),
    )
    assert ended.returncode != 0
    assert not (host.store / "states/open").exists()


def test_a_disk_that_is_full_while_a_path_is_recorded_leaves_no_half_line(host):
    long = [host.etc / f"{number:0>100}" for number in range(100)]
    for path in long:
        path.touch()
    host.states("open", R1, "ana@control")
    host.states("record", *map(str, long[:40]))
    kept = (host.store / "states" / R1 / "list").read_text()
    ended = host.ask(
        *("record", *map(str, long[40:])),
        before=lambda text: text.replace("set -u\n", f"set -u\nulimit -f {FULL}\n", 1),
    )
    assert ended.returncode == 1
    assert "cannot write to" in ended.stderr
    assert (host.store / "states" / R1 / "list").read_text() == kept


def test_a_path_is_not_passed_over_because_it_is_not_known_whether_it_is_kept(host):
    (host.etc / "a").write_text("old")
    host.states("open", R1, "ana@control")
    (host.tools / "grep").write_text("#!/bin/sh\nexit 2\n")
    (host.tools / "grep").chmod(0o755)
    assert "kept already" in host.refused("record", str(host.etc / "a"))


def test_many_paths_are_recorded_at_once_each_once(host):
    """A directory with what is in it, a link, what is absent, and what was recorded before."""
    folder = host.etc / "many"
    (folder / "d").mkdir(parents=True)
    (folder / "d/inner").write_text("old")
    (folder / "link").symlink_to("nowhere")
    paths = [str(folder / name) for name in ("d", "link", "absent")]
    host.states("open", R1, "ana@control")
    host.states("record", paths[1])
    host.states("record", *paths)
    host.states("record_entry", str(folder))
    state = host.store / "states" / R1
    listed = (state / "list").read_text().replace(str(folder), "").splitlines()
    assert listed == [
        *("1 file /link", "2 directory /d", "3 file /d/inner", "4 absent /absent", "5 directory ")
    ]
    assert (state / "saved/3").read_text() == "old"
    assert (state / "saved/1").readlink() == Path("nowhere")


def test_former_contents_are_roots_alone(host):
    host.run(R1, lambda: change(host))
    states = host.store / "states"
    assert states.stat().st_mode & 0o077 == 0
    assert (states / R1).stat().st_mode & 0o077 == 0


KNOWN = [Kept(R1, "T", None, "ana"), Kept(R2, "T", 3, "ana"), Kept(R3, "T", 1, "ana")]


@pytest.mark.parametrize(
    ("target", "later"),
    [
        (Target(R3, False), []),
        (Target(R3, True), [R3]),
        (Target(R1, False), [R3, R2]),
        (Target("20261122T235959Z-aaaaaa", False), [R3]),
        (Target("20261122T235959Z-aaaaaa", True), [R3]),
        (Target("20261130T000000Z-aaaaaa", False), []),
    ],
)
def test_later_runs_are_undone_the_newest_first(target, later):
    assert later_runs(KNOWN, target) == later


def test_a_gap_is_refused_with_the_farthest_way_back():
    with pytest.raises(RefusedError, match=rf"what run {R1} changed.*--before {R2}"):
        later_runs(KNOWN, Target(R1, True))
    with pytest.raises(RefusedError, match="keeps no former state"):
        later_runs([], Target(R1, True))


def test_the_guard_saves_what_goes_back_but_not_itself():
    covered = Covered(
        [
            Step("file", "put back", "/etc/issue.net"),
            Step("absent", "removed", "/var/lib/ringfence/inventory"),
            Step("directory", "put back", "/etc"),
            Step("unit", "restarted", "ssh.service"),
            Step("rules", "loaded", "the packet filter"),
        ]
    )
    assert covered.lines() == "path /etc/issue.net\nservice ssh.service\nrulesets\n"
    assert covered.lines(paths=False) == "service ssh.service\nrulesets\n"


def test_commands_are_whole_shell():
    run = Run(R1, "ana o'hara@control", "control/1 2:3")
    for command in (open_command(run, "path /etc/ssh\n"), states_command("plan", R1)):
        assert subprocess.run(["sh", "-n", "-c", command], check=False).returncode == 0
        assert len(command) < 131072  # the longest argument that Linux takes
