"""Back to a former state: files, services and sshd as they were, under the guard."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import pytest

from ringfence import lab as labs
from ringfence.guard.channel import Channel, Run, arm_command, demand, told
from ringfence.guard.coverage import Coverage
from ringfence.guard.states import close_state, history, open_state
from ringfence.site import load_site
from ringfence.site.ssh import ssh_command

HOSTS = "bastion1,agent1"
BACK_WITHIN = 120.0  # seconds: what the guard promises
FILES = """
find /etc/ssh /etc/default/ssh /etc/issue.net /etc/ringfence /usr/local/lib/ringfence \
    /etc/systemd/system -name '.ringfence*' -prune -o -printf '%p %y %m %U %G %l\\n' | sort
find /etc/ssh /etc/default/ssh /etc/issue.net /etc/ringfence /usr/local/lib/ringfence \
    -type f -exec sha256sum {} + | sort
sort /etc/gshadow
"""
RUNNING = """
sshd -T | sort
systemctl is-enabled ssh.service ssh.socket ringfence-inventory.timer
systemctl is-active ssh.service ssh.socket ringfence-inventory.timer
true
"""


@dataclass
class Rolled:
    """The lab, and what an operator does to it."""

    lab: object

    def policy(self, banner: str, minutes: int) -> None:
        path = self.lab.path / "policy.yml"
        before = path.read_text().partition("\nssh:\n")[0]
        path.write_text(f"{before}\nssh:\n  banner: {banner}\n  idle_minutes: {minutes}\n")

    def apply(self, hosts: str = HOSTS) -> str:
        """Apply; return the run's id."""
        known = self.runs()
        done = self.lab.ringfence("apply", str(self.lab.path), "--limit", hosts, "--no-verify")
        assert done.returncode == 0, done.stdout + done.stderr
        (run,) = self.runs() - known
        return run

    def runs(self) -> set[str]:
        return {path.name for path in (self.lab.path / "runs").glob("*")}

    def back(self, *options: str, hosts: str = HOSTS) -> "subprocess.CompletedProcess[str]":
        done = self.lab.ringfence("rollback", str(self.lab.path), "--limit", hosts, *options)
        assert "Traceback" not in done.stdout + done.stderr
        return done

    def state(self, host: str) -> str:
        return self.lab.run_on(host, FILES + RUNNING)

    def states(self) -> dict[str, str]:
        return {host: self.state(host) for host in HOSTS.split(",")}


@pytest.fixture
def rolled(hardened):
    """Hosts at their baseline; the policy is as it was afterwards."""
    policy = hardened.path / "policy.yml"
    before = policy.read_text()
    yield Rolled(hardened)
    policy.write_text(before)


def test_a_former_policy_comes_back_and_goes_forward_again(rolled):
    rolled.policy("The first banner", 10)
    first = rolled.apply()
    then = rolled.states()
    rolled.policy("The second banner", 5)
    rolled.apply()
    rolled.policy("The third banner", 7)
    third = rolled.apply()
    now = rolled.states()
    assert all("channeltimeout session:shell=7m" in state for state in now.values())

    shown = rolled.back("--to", first, "--dry-run")
    assert (shown.returncode, rolled.states()) == (2, now)
    done = rolled.back("--to", first)
    assert done.returncode == 1, done.stdout + done.stderr  # the policy is still the third
    assert done.stdout.count("changed: /etc/ssh/sshd_config (put back)") == 2
    assert done.stdout.count("guard: armed, new login, disarmed") == 2
    assert rolled.states() == then
    assert rolled.lab.verdicts()["agent1", "SSH-03"] == "fail"
    for host in HOSTS.split(","):
        assert "The first banner" in greeting(rolled.lab, host)
    records = list((rolled.lab.path / "runs").glob("*/rollback.json"))
    record = json.loads(max(records, key=lambda path: path.stat().st_mtime).read_text())
    assert "/etc/issue.net (put back)" in record["hosts"]["agent1"]["changed"]

    again = rolled.back("--to", first, "--no-verify")
    assert (again.returncode, again.stdout.count("0 changed: nothing to change")) == (0, 2)
    listed = rolled.back()
    assert listed.returncode == 0
    assert listed.stdout.count(record["run"]) == 2

    forward = rolled.back("--to", third, "--no-verify")
    assert forward.returncode == 0, forward.stdout + forward.stderr
    assert rolled.states() == now
    assert (
        "0 changed"
        in rolled.lab.ringfence(
            "apply", str(rolled.lab.path), "--limit", "agent1", "--no-verify"
        ).stdout
    )
    rolled.back("--before", third, "--no-verify")
    rolled.apply()
    assert rolled.states() == now


def greeting(lab, host: str) -> str:
    """What sshd says to a new connection before it logs in."""
    site = load_site(lab.path)
    command = ssh_command(site, site.host(host))
    tried = subprocess.run(
        [command[0], "-v", "-o", "ControlPath=none", *command[1:], "true"],
        capture_output=True,
        text=True,
        check=True,
    )
    return tried.stderr


def test_before_the_first_apply_a_host_is_as_it_came_and_can_be_applied_again(stock):
    rolled = Rolled(stock)
    units = "systemctl list-unit-files --no-legend | grep -v ringfence-guard | sort"
    before = {host: stock.run_on(host, f"{BARE}\n{units}") for host in HOSTS.split(",")}
    first = rolled.apply()
    done = rolled.back("--before", first, "--no-verify")
    assert done.returncode == 0, done.stdout + done.stderr
    after = {host: stock.run_on(host, f"{BARE}\n{units}") for host in HOSTS.split(",")}
    assert after == before
    again = rolled.back("--before", first, "--no-verify")
    assert (again.returncode, again.stdout.count("nothing to change")) == (0, 2)
    applied = stock.ringfence("apply", str(stock.path), "--limit", HOSTS)
    assert applied.returncode == 0, applied.stdout + applied.stderr


BARE = """
find /etc /usr/local -xdev \\( -name 'group*' -o -name 'gshadow*' -o -name .pwd.lock \\) -prune \
    -o ! -type d -printf '%p %y %m %U %G %l\\n' | sort
find /etc/ssh /etc/default /etc/issue.net -type f -exec sha256sum {} + | sort
sshd -T | sort
"""


def test_a_former_state_that_lets_nobody_in_is_put_back_by_the_guard(rolled):
    lab = rolled.lab
    rolled.policy("Before the foreign one", 9)
    rolled.apply("agent1")
    # Somebody's sshd_config that nobody has loaded yet; the apply after it heals it.
    lab.run_on(
        "agent1",
        "printf 'Port 22\\nAllowGroups nobodys\\nPermitRootLogin no\\n' >/etc/ssh/sshd_config",
    )
    rolled.policy("After the foreign one", 8)
    healed = rolled.apply("agent1")
    now = rolled.state("agent1")
    began = time.monotonic()
    done = rolled.back("--before", healed, "--no-verify", hosts="agent1")
    assert done.returncode == 1
    assert "agent1: REVERTED" in done.stdout, done.stdout
    assert "the new login failed" in done.stdout
    assert time.monotonic() - began < BACK_WITHIN
    assert rolled.state("agent1") == now
    records = sorted((lab.path / "runs").glob("*/rollback.json"))
    assert json.loads(records[-1].read_text())["hosts"]["agent1"]["reverted"]
    assert "changes" not in rolled.back(hosts="agent1").stdout.partition(healed)[0]
    rolled.apply("agent1")


@pytest.mark.parametrize("after", [0.0, 0.3, 1.0, 2.5])
@pytest.mark.parametrize("victim", ["controller", "host"])
def test_a_rollback_that_is_killed_is_finished_by_the_next(rolled, victim, after):
    lab = rolled.lab
    rolled.policy("To come back", 11)
    first = rolled.apply("agent1")
    then = rolled.state("agent1")
    rolled.policy("To be undone", 12)
    rolled.apply("agent1")
    command = [
        *(sys.executable, "-c", "from ringfence.cli import main; main()"),
        *("rollback", str(lab.path), "--limit", "agent1", "--to", first, "--no-verify"),
    ]
    running = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=lab.house,
        env=lab.environment,
        text=True,
        start_new_session=True,
    )
    armed = "test -e /var/lib/ringfence/guard/armed"
    while running.poll() is None and labs.run_on(lab.path, "agent1", armed).returncode:
        time.sleep(0.05)
    time.sleep(after)
    if victim == "controller":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
    else:
        labs.run_on(lab.path, "agent1", KILL_RESTORE)
    said = running.communicate()[0]
    assert "Traceback" not in said
    done = rolled.back("--to", first, "--no-verify", hosts="agent1")
    assert done.returncode == 0, said + done.stdout + done.stderr
    assert rolled.state("agent1") == then
    left = lab.run_on(
        "agent1", "find / -xdev -name '.ringfence*' -o -xdev -path '*/states/open' | sort"
    )
    assert left == ""


# The script of the way back, by the words that it was started with.
KILL_RESTORE = r"""
for process in /proc/[0-9]*; do
    if tr '\0' '\n' <"$process/cmdline" 2>/dev/null | grep -qx restore; then
        kill -9 "${process#/proc/}"
    fi
done
true
"""


def test_an_unknown_run_is_4_and_a_gap_is_refused(rolled):
    rolled.policy("One more", 13)
    run = rolled.apply("agent1")
    wrong = run[:-1] + ("0" if run[-1] != "0" else "1")
    unknown = rolled.back("--to", wrong, hosts="agent1")
    assert unknown.returncode == 4
    assert f"did you mean '{run}'" in unknown.stderr
    assert len(unknown.stderr.strip().splitlines()) == 1

    now = rolled.state("agent1")
    rolled.lab.run_on("agent1", f"rm -f /var/lib/ringfence/states/{run}/closed")
    gap = rolled.back("--before", run, "--no-verify", hosts="agent1")
    assert gap.returncode == 1
    assert f"refused: it no longer keeps what run {run} changed" in gap.stdout
    assert rolled.state("agent1") == now


def test_a_rollback_is_refused_while_another_run_is_in_progress(rolled, channel):
    run = max(rolled.runs())
    demand(channel, "lock", *OTHER)
    refused = rolled.back("--to", run, "--no-verify", hosts="agent1")
    assert refused.returncode == 1
    assert "refused: another run is in progress: ana@elsewhere" in refused.stdout


OTHER = Run("20260101T000000Z-000009", "ana@elsewhere", "elsewhere/1/1 9:9")


@pytest.fixture
def channel(lab):
    """A channel to a host; no lock of the test's is left."""
    site = load_site(lab.path)
    channel = Channel(site, site.host("agent1"))
    yield channel
    demand(channel, "revert", "asked: the test is over")
    demand(channel, "unlock", OTHER.id)
    channel.ask("rm -rf /etc/rolled")
    channel.close()


def test_five_states_are_kept_and_the_sixth_drops_the_oldest(hardened, channel):
    channel.ask("mkdir -p /etc/rolled")
    runs = [f"2026010{day}T000000Z-00000{day}" for day in range(1, 7)]
    for number in runs:
        run = Run(number, *OTHER[1:])
        told(channel.ask(arm_command(run, Coverage(paths=["/etc/rolled"]), "deploy"))[0])
        open_state(channel, run, "path /etc/rolled\n")
        told(channel.ask(f"echo {number} >/etc/rolled/file")[0])
        demand(channel, "disarm", run.id)
        close_state(channel, run)
    known = {kept.run: kept.changes for kept in history(channel)}
    assert known[runs[0]] is None
    assert [known[run] for run in runs[1:]] == [1] * 5
    kept = hardened.run_on("agent1", "ls -d /var/lib/ringfence/states/2*").split()
    assert len(kept) == 5
    modes = hardened.run_on(
        "agent1", "stat -c %a%U /var/lib/ringfence/states/ /var/lib/ringfence/states/2*"
    )
    assert set(modes.split()) == {"700root"}


def test_owners_modes_and_links_come_back(hardened, channel):
    made = "mkdir -p /etc/rolled; echo secret >/etc/rolled/file; chown 1:2 /etc/rolled/file; "
    told(channel.ask(f"{made} chmod 0640 /etc/rolled/file; ln -sfn /nowhere /etc/rolled/link")[0])
    shown = "stat -c '%a %u %g' /etc/rolled/file; cat /etc/rolled/file; readlink /etc/rolled/link"
    before = hardened.run_on("agent1", shown)
    run = Run("20260109T000000Z-000009", *OTHER[1:])
    demand(channel, "lock", *run)
    open_state(channel, run, "path /etc/rolled\n")
    told(
        channel.ask("rm /etc/rolled/*; echo open >/etc/rolled/file; chmod 0666 /etc/rolled/file")[0]
    )
    close_state(channel, run)
    demand(channel, "unlock", run.id)
    done = hardened.ringfence(
        *("rollback", str(hardened.path), "--limit", "agent1", "--before", run.id, "--no-verify")
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"changed: /etc/rolled/link \(put back\)", done.stdout)
    assert hardened.run_on("agent1", shown) == before
