"""Eight ways to be locked out: with the guard the host comes back by itself, without it doesn't."""

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ringfence import lab as labs
from ringfence.guard.channel import (
    GUARD,
    OF_ITS_OWN,
    Channel,
    RefusedError,
    Run,
    arm_command,
    demand,
    status_of,
    told,
)
from ringfence.guard.coverage import Coverage
from ringfence.lab import processes, qmp, reach
from ringfence.lab.accelerator import kvm_works
from ringfence.lab.machine import monitor_socket, restore
from ringfence.lab.paths import LabPaths
from ringfence.site import load_site
from ringfence.site.ssh import ssh_command

MACHINES = ("recordings1", "pbx1")  # Debian 13 and Debian 12
SNAPSHOT = "guard"
FAULTY = Path(__file__).parent / "faulty_role"
BACK_WITHIN = 120.0  # seconds after the fault: what the product promises
CUT = 100.0  # seconds: longer than the host's own deadline
EMULATION = 240.0  # seconds: without KVM a boot alone takes more than a minute
LOGIN = 20.0  # seconds, with emulation's slowness
CONFIGURATION = """
find /etc/ssh /etc/pam.d /etc/sudoers /etc/sudoers.d -printf '%p %m %U %G %y %l\\n' | sort
find /etc/ssh /etc/pam.d /etc/sudoers /etc/sudoers.d -type f -exec sha256sum {} + | sort
nft -s list ruleset; sha256sum /etc/nftables.conf
systemctl is-active ssh.service
"""
LEFT = (
    "find /etc/systemd/system -name '*ringfence-guard*'; "
    "systemctl is-active ringfence-guard.timer || true"
)


@dataclass
class Broken:
    """A run that breaks hosts: its process, and when the fault began."""

    process: "subprocess.Popen[str]"
    began: float
    run: str

    def end(self) -> tuple[int, str]:
        said, _ = self.process.communicate(timeout=400)
        assert "Traceback" not in said
        return self.process.returncode, said

    def kill(self) -> None:
        """End the run, should it still be under way."""
        self.process.kill()
        self.process.wait()


def house_with(lab, folder: Path, fault: str, guarded: bool) -> Path:
    """Make a house with the role that does `fault`; without guard.yml nothing guards it."""
    for part in ("roles", "templates", "tests/baseline", "tests/sabotage", "deploys"):
        shutil.copytree(lab.house / part, folder / part)
    shutil.copytree(FAULTY, folder, dirs_exist_ok=True)
    shutil.copy(FAULTY / f"faults/{fault}.sh", folder / "fault.sh")
    if not guarded:
        (folder / "roles/faulty/guard.yml").unlink()
    with (folder / "roles/roles.yml").open("a") as table:
        table.write("faulty: [all]\n")
    return folder


def begin(lab, hosts: str, house: Path) -> Broken:
    """Start an apply of the faulty role alone, and return when its fault has begun."""
    known = set((lab.path / "runs").glob("*"))
    broken = lab.with_house(house)
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", "from ringfence.cli import main; main()"),
            *("apply", str(lab.path), "--limit", hosts, "--role", "faulty", "--no-verify"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        cwd=house,
        env=broken.environment,
        text=True,
        start_new_session=True,
    )
    while process.poll() is None:
        for folder in set((lab.path / "runs").glob("*")) - known:
            log = folder / "apply.log"
            if log.exists() and "Starting operation: faulty" in log.read_text():
                return Broken(process, time.monotonic(), folder.name)
        time.sleep(0.1)
    raise AssertionError(process.communicate()[0])


def lets_in(lab, host: str) -> bool:
    """Try a new login, and sudo."""
    site = load_site(lab.path)
    ssh = ssh_command(site, site.host(host))
    command = [ssh[0], *OF_ITS_OWN, *ssh[1:], "sudo -n true"]
    try:
        tried = subprocess.run(command, capture_output=True, timeout=LOGIN, check=False)
    except subprocess.TimeoutExpired:  # the firewall came down on a login that had begun
        return False
    return tried.returncode == 0


def await_return(lab, broken: Broken, before: dict[str, str], within: float) -> None:
    """Demand that hosts have put this run back, and are as `before`, in some seconds."""
    left = set(before)
    while left:
        for host in sorted(left):
            if lets_in(lab, host) and reverted(lab, host) == broken.run:
                took = time.monotonic() - broken.began
                print(f"{host} came back after {took:.0f} s")
                assert took < within, f"{host} came back, but too late"
                assert lab.run_on(host, CONFIGURATION) == before[host]
                left.discard(host)
        assert time.monotonic() - broken.began < within, f"{left} did not come back"
        time.sleep(0.5)


def reverted(lab, host: str) -> str:
    """Return the run that the host last put back; empty also while the host does not answer."""
    told = labs.run_on(lab.path, host, "sed -n s/^run=//p /var/lib/ringfence/guard/last-revert")
    return told.stdout.strip()


def nothing(_lab, _broken: Broken) -> None:
    """The fault is in the change alone."""


def kill(_lab, broken: Broken) -> None:
    """Kill the run, while pyinfra is in the middle of the dangerous role."""
    time.sleep(3)
    broken.process.send_signal(signal.SIGKILL)


def set_bridge(lab, state: str) -> None:
    """Cut the containers off, or connect them again."""
    (network,) = processes.find(lab.path.resolve() / ".lab", processes.NETWORK)
    enter = ["nsenter", f"--net=/proc/{network.pid}/ns/net"]
    subprocess.run([*enter, "ip", "link", "set", "lab0", state], check=True)


def set_links(lab, state: str) -> None:
    """Pull the cable of the card by which machines are reached, or plug it in again."""
    for name in MACHINES:
        qmp.monitor(monitor_socket(LabPaths(lab.path), name), f"set_link out {state}")


def cut(lab, broken: Broken) -> None:
    """Cut the containers off for the whole window."""
    time.sleep(3)
    set_bridge(lab, "down")
    try:
        time.sleep(max(0.0, broken.began + CUT - time.monotonic()))
    finally:
        set_bridge(lab, "up")


def unplug(lab, broken: Broken) -> None:
    """Cut the machines off for the whole window."""
    time.sleep(3)
    set_links(lab, "off")
    try:
        time.sleep(max(0.0, broken.began + CUT - time.monotonic()))
    finally:
        set_links(lab, "on")


Happening = Callable[[object, Broken], None]
HAPPENS: dict[str, Happening] = {
    "firewall": nothing,
    "nobody": nothing,
    "no_sshd": nothing,
    "pam": nothing,
    "sudoers": nothing,
    "killed": kill,
    "rebooted": nothing,
    "cut": cut,
}
HAPPENS_TO_MACHINES = HAPPENS | {"cut": unplug}


def of_files(lab, hosts: str) -> dict[tuple[str, str], str]:
    """The verdicts on the hosts' files: they are as their baseline has them, or there is none."""
    return lab.verify("--limit", hosts, "--control", "FIM-01")[1]


def demand_return(
    lab,
    hosts: str,
    fault: str,
    happens: Happening,
    folder: Path,
    slowness: float = 0.0,
) -> None:
    """Break hosts under the guard; demand that they come back, and that the run says so.

    `slowness` is what emulation takes beside the promise, in seconds. The next run, of sshd alone,
    has something to change under the guard, too.
    """
    names = hosts.split(",")
    before = {host: lab.run_on(host, CONFIGURATION) for host in names}
    files = of_files(lab, hosts)  # machines that no test before has applied to have no baseline
    broken = begin(lab, hosts, house_with(lab, folder, fault, guarded=True))
    try:
        happens(lab, broken)
        await_return(lab, broken, before, BACK_WITHIN + slowness)
        code, said = broken.end()
    finally:
        broken.kill()
    if fault == "killed":
        assert code == -signal.SIGKILL
        status = lab.ringfence("guard", "status", str(lab.path), "--limit", hosts)
        assert status.stdout.count("reverted: timer") == len(names), status.stdout
    else:
        assert code == 1, said
        assert said.count(": REVERTED, ") == len(names), said
        record = json.loads((lab.path / "runs" / broken.run / "apply.json").read_text())
        assert all(record["hosts"][host]["reverted"] for host in names), record
        assert of_files(lab, hosts) == files
    for host in names:
        lab.run_on(host, "echo other > /etc/issue.net")
    ssh_alone = ("--role", "ssh", "--no-verify")  # to plan all takes a machine two minutes
    again = lab.ringfence("apply", str(lab.path), "--limit", hosts, *ssh_alone)
    assert again.returncode == 0, again.stdout + again.stderr
    assert again.stdout.count("armed, new login, disarmed") == len(names), again.stdout
    assert of_files(lab, hosts) == files
    assert {lab.run_on(host, LEFT) for host in names} == {"inactive\n"}


@pytest.mark.parametrize("fault", HAPPENS)
def test_a_locked_out_host_comes_back_by_itself(hardened_once, tmp_path, fault):
    assert set(of_files(hardened_once, "bastion1,agent1").values()) == {"pass"}
    demand_return(hardened_once, "bastion1,agent1", fault, HAPPENS[fault], tmp_path / "house")


def ports_of(lab) -> dict[str, int]:
    """The ports on this computer behind which the hosts' sshd answers."""
    return {each.name: each.port for each in labs.status(lab.path)}


def prompts(paths: LabPaths, name: str) -> int:
    """How often a machine has asked for a login on its console: once a boot."""
    return paths.log(f"{name}.console").read_text(errors="replace").count(f"{name} login:")


@pytest.fixture(scope="module")
def kept(lab):
    """The lab with machines that have the roles on which it depends who gets in, and a snapshot."""
    labs.up(lab.path, list(MACHINES), say=print)
    chosen = ("--limit", ",".join(MACHINES), "--role", "ssh,firewall")
    applied = lab.ringfence("apply", str(lab.path), *chosen, "--no-verify")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    for name in MACHINES:
        qmp.monitor(monitor_socket(LabPaths(lab.path), name), f"savevm {SNAPSHOT}")
    return lab


@pytest.fixture
def machines(kept):
    """Those machines, whatever the test before left of them."""
    paths, ports = LabPaths(kept.path), ports_of(kept)
    for name in MACHINES:
        restore(paths, name, SNAPSHOT)
    for name in MACHINES:  # the clock is set, too
        reach.wait_until_ready(
            *(paths, name, ports[name], lambda: True, threading.Event(), 300), resumed=True
        )
    return kept


@pytest.mark.machine
@pytest.mark.parametrize("fault", HAPPENS_TO_MACHINES)
def test_a_machine_with_its_own_kernel_comes_back_by_itself(machines, tmp_path, fault):
    slowness = 0.0 if kvm_works() else EMULATION
    happens, hosts = HAPPENS_TO_MACHINES[fault], ",".join(MACHINES)
    demand_return(machines, hosts, fault, happens, tmp_path / "house", slowness)


@pytest.mark.machine
def test_without_the_guard_a_machine_is_locked_out_after_a_reboot_too(machines, tmp_path):
    paths, ports = LabPaths(machines.path), ports_of(machines)
    boots = {name: prompts(paths, name) for name in MACHINES}

    def booted_again(name: str) -> bool:
        return prompts(paths, name) > boots[name] and reach.greets(ports[name], LOGIN)

    house = house_with(machines, tmp_path / "house", "rebooted", guarded=False)
    broken = begin(machines, ",".join(MACHINES), house)
    until = broken.began + BACK_WITHIN + EMULATION
    try:
        while not all(map(booted_again, MACHINES)):
            assert time.monotonic() < until, "they were not rebooted"
            time.sleep(1)
        time.sleep(max(0.0, broken.began + BACK_WITHIN - time.monotonic()))
        assert not any(lets_in(machines, name) for name in MACHINES)
    finally:
        broken.kill()


RUN = Run("20260101T000000Z-000001", "ana@elsewhere", "elsewhere/1/1 1:1")
OTHER = Run("20260101T000000Z-000002", "bruno@elsewhere", "elsewhere/1/1 2:2")
COVERAGE = Coverage(
    paths=["/etc/guarded", "/etc/guarded.conf"],
    services=["ssh.service"],
    settings=["net.ipv4.conf.*.rp_filter"],
)
REVERSE_PATHS = "/proc/sys/net/ipv4/conf/*/rp_filter"
MADE = "rm -rf /etc/guarded*; mkdir -m 0750 /etc/guarded; echo old > /etc/guarded/a; "
BROKEN = "echo new > /etc/guarded/a; echo extra > /etc/guarded/b; echo c > /etc/guarded.conf; "
MADE += f"for one in {REVERSE_PATHS}; do echo 1 > $one; done; "
BROKEN += f"for one in {REVERSE_PATHS}; do echo 2 > $one; done; "
STATE = f"cd /etc; find guarded* -printf '%p %m %U\\n' | sort; cat guarded/a {REVERSE_PATHS} | uniq"
BACK = "guarded 750 0\nguarded/a 600 0\nold\n1\n"


@pytest.fixture
def channel(hardened_once):
    """A channel to a host with something to guard; nothing is armed before and after."""
    site = load_site(hardened_once.path)
    channel = Channel(site, site.host("agent1"))
    channel.ask(f"umask 077; {MADE}")
    yield channel
    demand(channel, "revert", "asked: the test is over")
    for run in (RUN, OTHER):
        demand(channel, "unlock", run.id)
    channel.ask("rm -rf /etc/guarded*")
    channel.close()


def arm(channel, run=RUN, seconds=90):
    told(channel.ask(arm_command(run, COVERAGE, "deploy", seconds))[0])


def state(channel) -> str:
    return channel.ask(STATE)[0].stdout.decode()


def test_what_was_changed_goes_back_and_what_is_new_goes(channel):
    arm(channel)
    channel.ask(BROKEN)
    demand(channel, "revert", "asked: a test", RUN.id)
    assert state(channel) == BACK
    status = status_of(channel)
    assert (status["state"], status["reverted_run"]) == ("idle", RUN.id)
    paths = status["reverted_path"].split()
    assert paths[:2] == ["/etc/guarded", "/etc/guarded.conf"]
    assert REVERSE_PATHS.replace("*", "all") in paths


def test_what_packages_brought_and_new_accounts_stay(channel):
    accounts = ["/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow"]
    guarded = ["/etc/guarded", "/etc/guarded.d", "/etc/guarded.conf", *accounts]
    coverage = Coverage(paths=guarded)
    told(channel.ask(arm_command(RUN, coverage, "deploy", 90))[0])
    told(channel.ask(PACKAGE)[0])
    told(channel.ask("echo altered >/etc/guarded.d/altered; echo ours >/etc/guarded.d/ours")[0])
    told(channel.ask("echo new >/etc/guarded/a; echo toor:x:0:0::/:/bin/sh >>/etc/passwd")[0])
    demand(channel, "revert", "asked: a test", RUN.id)
    left = told(channel.ask("cd /etc; find guarded* -type f | sort; cat guarded/a guarded.conf")[0])
    assert left.split() == [
        *("guarded.conf", "guarded.d/own", "guarded/a", "guarded/own", "old", "packaged")
    ]
    known = told(channel.ask("getent passwd guarded toor root; getent group guarded; true")[0])
    assert [line.split(":")[0] for line in known.splitlines()] == ["guarded", "root", "guarded"]
    told(channel.ask("dpkg --purge guarded; userdel guarded")[0])


def test_a_revert_that_was_killed_between_its_renames_keeps_what_packages_brought(channel):
    told(channel.ask(arm_command(RUN, Coverage(paths=["/etc/guarded.d"]), "deploy", 90))[0])
    told(channel.ask(PACKAGE)[0])
    # The whole stage, which the killed one had no time to put in its place.
    told(channel.ask("mv /etc/guarded.d /etc/.ringfence-guard-new.guarded.d")[0])
    demand(channel, "revert", "asked: a test", RUN.id)
    left = told(channel.ask("cd /etc; find guarded.d .ringfence-guard* -type f | sort")[0])
    assert left.split() == ["guarded.d/altered", "guarded.d/own"]
    told(channel.ask("dpkg --purge guarded; userdel guarded")[0])


PACKAGE = """
set -e
made=$(mktemp -d)
cd "$made"
mkdir -p DEBIAN etc/guarded etc/guarded.d
cat >DEBIAN/control <<END
Package: guarded
Version: 1
Architecture: all
Maintainer: a <a@b.c>
Description: a
END
for file in guarded/own guarded.d/own guarded.d/altered guarded.conf; do
    echo packaged >"etc/$file"
done
echo /etc/guarded.conf >DEBIAN/conffiles
md5sum etc/guarded/own etc/guarded.d/* >DEBIAN/md5sums
dpkg-deb --root-owner-group --build . "$made.deb" >/dev/null
dpkg --install "$made.deb" >/dev/null
rm -rf "$made" "$made.deb"
useradd --system --user-group guarded
"""


def test_the_deadline_passes_and_a_sign_of_life_moves_it(channel):
    arm(channel, seconds=8)
    channel.ask(BROKEN)
    for _ in range(4):
        time.sleep(4)
        demand(channel, "renew", RUN.id)
    assert status_of(channel)["state"] == "armed"
    until = time.monotonic() + 60
    while status_of(channel)["state"] == "armed" and time.monotonic() < until:
        time.sleep(1)
    assert state(channel) == BACK
    with pytest.raises(RefusedError, match=r"reverted at .* \(timer\)"):
        demand(channel, "disarm", RUN.id)


def test_arming_again_is_nothing_new_and_another_run_is_refused(channel):
    arm(channel)
    channel.ask(BROKEN)
    arm(channel)
    with pytest.raises(RefusedError, match="another run is in progress: ana@elsewhere"):
        arm(channel, OTHER)
    demand(channel, "revert", "asked: a test", RUN.id)
    assert state(channel) == BACK


def test_a_service_that_systemd_says_nothing_of_is_not_put_back_as_stopped(channel):
    coverage = Coverage(paths=["/etc/guarded"], services=[f"{'x' * 300}.service"])
    with pytest.raises(RefusedError, match="systemd does not say whether"):
        told(channel.ask(arm_command(RUN, coverage, "deploy", 90))[0])
    assert status_of(channel)["state"] == "idle"


def test_a_confirmation_whose_answer_was_lost_may_be_said_again(channel):
    arm(channel)
    channel.ask(BROKEN)
    demand(channel, "disarm", RUN.id)
    demand(channel, "disarm", RUN.id)
    assert status_of(channel)["last_ended"] == "confirmed"
    assert "extra" in channel.ask("cat /etc/guarded/b")[0].stdout.decode()
    with pytest.raises(RefusedError, match="not armed for this run"):
        demand(channel, "disarm", OTHER.id)


def test_a_dead_runs_change_is_put_back_by_the_next_to_arm(channel):
    arm(channel)
    channel.ask(f"{BROKEN} touch -d '10 minutes ago' {GUARD}/lock")
    arm(channel, OTHER)
    assert state(channel) == BACK
    demand(channel, "disarm", OTHER.id)
    assert status_of(channel)["last_ended"] == "confirmed"


def test_a_host_that_was_armed_by_half_is_cleaned(channel):
    arm(channel)
    channel.ask(f"rm {GUARD}/armed {GUARD}/list; touch -d '10 minutes ago' {GUARD}/lock; {BROKEN}")
    assert status_of(channel)["state"] == "half-armed"
    arm(channel, OTHER)
    demand(channel, "disarm", OTHER.id)
    assert "extra" in channel.ask("cat /etc/guarded/b")[0].stdout.decode()


@pytest.mark.parametrize("after", [0.02, 0.05, 0.1, 0.2, 0.4, 0.8])
def test_a_revert_that_is_killed_is_finished_by_the_next(channel, after):
    arm(channel)
    channel.ask(BROKEN)
    channel.ask(f"timeout -s KILL {after} sh {GUARD}/guard revert timer")
    demand(channel, "revert", "asked: a test")
    assert state(channel) == BACK
    assert status_of(channel)["state"] == "idle"
    left = channel.ask("ls -d /etc/.ringfence-guard* /etc/systemd/system/ringfence-guard*")[0]
    assert left.stdout == b""


# Takes one file of the copies away and kills who asked for it, as a power cut would.
DYING_RM = r"""
cp -a /usr/bin/rm /run/rm
cat >/run/dying <<'END'
#!/bin/sh
for one; do
    found=$(find "$one" -path '*/guard/*/1/a' 2>/dev/null) && [ -n "$found" ] || continue
    /run/rm -- "$found"
    kill -KILL $PPID
    exit 1
done
exec /run/rm "$@"
END
chmod 0755 /run/dying
mount --bind /run/dying /usr/bin/rm
"""


def test_a_revert_that_is_killed_while_its_copies_go_leaves_no_half_copy(channel):
    arm(channel)
    channel.ask(BROKEN)
    told(channel.ask(DYING_RM)[0])
    try:
        killed = channel.ask(f"sh {GUARD}/guard revert timer")[0]
    finally:
        told(channel.ask("umount /usr/bin/rm; rm -f /run/rm /run/dying")[0])
    assert killed.status == 137, "the revert did not come to the removal of its copies"
    assert status_of(channel)["state"] == "armed"
    demand(channel, "revert", "asked: a test")
    assert state(channel) == BACK
    assert status_of(channel)["state"] == "idle"


def test_on_a_full_disk_that_is_not_the_guards_what_was_there_comes_back(channel):
    made = "mkdir /etc/guarded.full && mount -t tmpfs -o size=256k none /etc/guarded.full && "
    made += "mkdir /etc/guarded.full/kept && head -c 64K /dev/zero >/etc/guarded.full/kept/a"
    told(channel.ask(made)[0])
    try:
        coverage = Coverage(paths=["/etc/guarded.full/kept"])
        told(channel.ask(arm_command(RUN, coverage, "deploy", 90))[0])
        channel.ask("cat /dev/urandom >/etc/guarded.full/kept/b; echo x >/etc/guarded.full/kept/a")
        demand(channel, "revert", "asked: a test", RUN.id)
        left = told(
            channel.ask("cd /etc/guarded.full; find . -type f -size 128; find . -type f")[0]
        )
        assert left.split() == ["./kept/a", "./kept/a"]
    finally:
        channel.ask("umount /etc/guarded.full")


def test_what_cannot_be_put_back_is_kept_and_told(channel):
    made = "mkdir /etc/guarded.ro && mount -t tmpfs none /etc/guarded.ro"
    made += " && echo old >/etc/guarded.ro/a"
    told(channel.ask(made)[0])
    try:
        coverage = Coverage(paths=["/etc/guarded.ro/a", "/etc/guarded"])
        told(channel.ask(arm_command(RUN, coverage, "deploy", 90))[0])
        channel.ask(f"{BROKEN} echo new >/etc/guarded.ro/a; mount -o remount,ro /etc/guarded.ro")
        demand(channel, "revert", "asked: a test", RUN.id)
        status = status_of(channel)
        assert (status["state"], status["reverted_path"]) == ("idle", "/etc/guarded")
        path, copy = status["not_put_back"].split(" ")
        assert path == "/etc/guarded.ro/a"
        assert told(channel.ask(f"cat {copy.strip('()')}")[0]) == "old\n"
    finally:
        channel.ask(f"umount /etc/guarded.ro; rm -rf {GUARD}/not-put-back.*")
    assert "not_put_back" not in status_of(channel)


def test_apply_is_refused_while_another_run_is_in_progress(channel, hardened_once):
    demand(channel, "lock", *RUN)
    refused = hardened_once.ringfence(
        "apply", str(hardened_once.path), "--limit", "agent1", "--no-verify"
    )
    assert refused.returncode == 1
    assert "refused: another run is in progress: ana@elsewhere" in refused.stdout


def test_apply_is_refused_on_another_system(channel, hardened_once):
    channel.ask("cp -L /etc/os-release /etc/guarded/os; sed -i s/^ID=.*/ID=ubuntu/ /etc/os-release")
    try:
        refused = hardened_once.ringfence("apply", str(hardened_once.path), "--limit", "agent1")
        assert refused.returncode == 1
        assert "refused: it runs ubuntu 12: only Debian 12 and 13" in refused.stdout
    finally:
        channel.ask("cat /etc/guarded/os > /etc/os-release")


def test_apply_is_refused_for_a_key_that_the_site_does_not_allow(hardened_once, tmp_path):
    policy = hardened_once.path / "policy.yml"
    before = policy.read_text()
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "k"], check=True
    )
    policy.write_text(before.replace(".lab/id_ed25519.pub", str(tmp_path / "k.pub")))
    try:
        refused = hardened_once.ringfence("apply", str(hardened_once.path), "--limit", "agent1")
        assert refused.returncode == 1
        assert "is not among those that the site allows deploy" in refused.stdout
    finally:
        policy.write_text(before)


def test_status_and_revert_are_commands(channel, hardened_once):
    arm(channel)
    channel.ask(BROKEN)
    limit = ("--limit", "agent1")
    shown = hardened_once.ringfence("guard", "status", str(hardened_once.path), *limit)
    assert "agent1: ARMED by ana@elsewhere" in shown.stdout
    told_back = hardened_once.ringfence("guard", "revert", str(hardened_once.path), *limit)
    assert (told_back.returncode, "agent1: put back" in told_back.stdout) == (0, True)
    assert state(channel) == BACK
    shown = hardened_once.ringfence("guard", "status", str(hardened_once.path), *limit, "--json")
    assert json.loads(shown.stdout)["agent1"]["state"] == "idle"


def test_a_first_apply_that_was_put_back_heals_at_the_next(stock, tmp_path):
    # It has installed packages by then, which stay, and files of theirs were not there before.
    hosts = "bastion1,agent1"
    failing = stock.with_house(house_with(stock, tmp_path / "house", "refused", guarded=True))
    failed = failing.ringfence("apply", str(stock.path), "--limit", hosts, "--no-verify")
    assert failed.returncode == 1
    assert failed.stdout.count(": REVERTED, ") == 2, failed.stdout
    missing = "dpkg --verify | grep '^missing' | grep -v ' c ' || true"
    assert {stock.run_on(host, missing) for host in hosts.split(",")} == {""}
    healed = stock.ringfence("apply", str(stock.path), "--limit", hosts)
    assert healed.returncode == 0, healed.stdout + healed.stderr


@pytest.mark.parametrize("fault", HAPPENS)
def test_without_the_guard_the_same_change_locks_us_out(lab, tmp_path, fault):
    """Each of these leaves a stock host behind, and one is locked out as one at its baseline is."""
    broken = begin(lab, "agent1", house_with(lab, tmp_path / "h", fault, guarded=False))
    try:
        until = broken.began + BACK_WITHIN
        while lets_in(lab, "agent1"):
            assert time.monotonic() < until, "it locks nobody out"
            time.sleep(1)
        if fault in ("killed", "cut"):
            broken.process.send_signal(signal.SIGKILL)
        if fault == "rebooted":
            time.sleep(20)
        assert not lets_in(lab, "agent1")
    finally:
        broken.kill()
        labs.reset(lab.path, ["agent1"], say=print)
