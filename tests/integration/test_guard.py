"""Eight ways to be locked out: with the guard the host comes back by itself, without it doesn't."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ringfence import lab as labs
from ringfence.guard.channel import OF_ITS_OWN
from ringfence.lab import processes
from ringfence.site import load_site
from ringfence.site.ssh import ssh_command

FAULTY = Path(__file__).parent / "faulty_role"
BACK_WITHIN = 120.0  # seconds after the fault: what the product promises
CUT = 100.0  # seconds: longer than the host's own deadline
CONFIGURATION = """
find /etc/ssh /etc/pam.d /etc/sudoers /etc/sudoers.d -printf '%p %m %U %G %y %l\\n' | sort
find /etc/ssh /etc/pam.d /etc/sudoers /etc/sudoers.d -type f -exec sha256sum {} + | sort
! command -v nft >/dev/null || nft list ruleset
systemctl is-active ssh.service
"""


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
    tried = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return tried.returncode == 0


def await_return(lab, hosts: str, run: str, before: dict[str, str], deadline: float) -> None:
    """Demand that hosts have put this run back, and are as before, by a time.monotonic()."""
    left = set(hosts.split(","))
    while left:
        for host in sorted(left):
            if lets_in(lab, host) and reverted(lab, host)["run"] == run:
                assert time.monotonic() < deadline, f"{host} came back, but too late"
                assert lab.run_on(host, CONFIGURATION) == before[host]
                left.discard(host)
        assert time.monotonic() < deadline, f"{left} did not come back"
        time.sleep(0.5)


def reverted(lab, host: str) -> dict[str, str]:
    """Return when, why and of which run the host last put something back."""
    told = lab.run_on(host, "cat /var/lib/ringfence/guard/last-revert 2>/dev/null || true")
    return {"run": ""} | dict(line.split("=", 1) for line in told.splitlines())


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


def cut(lab, broken: Broken) -> None:
    """Cut the network for the whole window."""
    time.sleep(3)
    set_bridge(lab, "down")
    time.sleep(max(0.0, broken.began + CUT - time.monotonic()))
    set_bridge(lab, "up")


HAPPENS: dict[str, Callable[[object, Broken], None]] = {
    "firewall": nothing,
    "nobody": nothing,
    "no_sshd": nothing,
    "pam": nothing,
    "sudoers": nothing,
    "killed": kill,
    "rebooted": nothing,
    "cut": cut,
}


def demand_return(lab, hosts: str, fault: str, folder: Path) -> None:
    """Break hosts under the guard; demand that they come back, and that the run says so."""
    names = hosts.split(",")
    before = {host: lab.run_on(host, CONFIGURATION) for host in names}
    broken = begin(lab, hosts, house_with(lab, folder, fault, guarded=True))
    HAPPENS[fault](lab, broken)
    await_return(lab, hosts, broken.run, before, broken.began + BACK_WITHIN)
    code, said = broken.end()
    if fault == "killed":
        assert code == -signal.SIGKILL
        status = lab.ringfence("guard", "status", str(lab.path), "--limit", hosts)
        assert status.stdout.count("reverted: timer") == len(names), status.stdout
    else:
        assert code == 1, said
        assert said.count(": REVERTED, ") == len(names), said
        record = json.loads((lab.path / "runs" / broken.run / "apply.json").read_text())
        assert all(record["hosts"][host]["reverted"] for host in names), record
    again = lab.ringfence("apply", str(lab.path), "--limit", hosts)
    assert again.returncode == 0, again.stdout + again.stderr
    left = (
        "ls /etc/systemd/system | grep ringfence-guard; systemctl is-active ringfence-guard.timer"
    )
    assert "inactive" in lab.run_on(names[0], f"{left}; true")


@pytest.mark.parametrize("fault", HAPPENS)
def test_a_locked_out_host_comes_back_by_itself(hardened, tmp_path, fault):
    demand_return(hardened, "bastion1,agent1", fault, tmp_path / "house")


@pytest.mark.parametrize("fault", HAPPENS)
def test_without_the_guard_the_same_change_locks_us_out(hardened, tmp_path, fault):
    broken = begin(hardened, "agent1", house_with(hardened, tmp_path / "h", fault, guarded=False))
    try:
        time.sleep(5)
        if fault in ("killed", "cut"):
            broken.process.send_signal(signal.SIGKILL)
        if fault == "rebooted":
            time.sleep(10)
        assert not lets_in(hardened, "agent1")
    finally:
        broken.process.kill()
        broken.process.communicate()
        labs.reset(hardened.path, ["agent1"], say=print)


@pytest.mark.machine
@pytest.mark.parametrize("fault", ["rebooted", "firewall", "pam"])
def test_a_machine_with_its_own_kernel_comes_back_by_itself(lab, tmp_path, fault):
    hosts = "recordings1,pbx1"
    labs.up(lab.path, hosts.split(","), say=print)
    applied = lab.ringfence("apply", str(lab.path), "--limit", hosts)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    demand_return(lab, hosts, fault, tmp_path / "house")
