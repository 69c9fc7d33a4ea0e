"""Back to a former state: files, services and sshd as they were, under the guard."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import pytest

from ringfence.guard.channel import GUARD, Channel, Run, demand, told
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

    def apply(self, *options: str, hosts: str = HOSTS) -> str:
        """Apply; return the run's id."""
        known = self.runs()
        words = ("apply", str(self.lab.path), "--limit", hosts, "--no-verify", *options)
        done = self.lab.ringfence(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        (run,) = self.runs() - known
        return run

    def runs(self) -> set[str]:
        return {path.name for path in (self.lab.path / "runs").glob("[0-9]*")}

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
    units = "systemctl list-unit-files --no-legend | grep -Ev 'ringfence-guard|transient' | sort"
    before = {host: stock.run_on(host, f"{BARE}\n{units}") for host in HOSTS.split(",")}
    # What packages bring stays, so the roles are those that install none with files in /etc.
    first = rolled.apply("--role", "identity,ssh")
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


# --- of one host, with runs that are played by what their operations call -------------------------

OTHER = Run("20260101T000000Z-000009", "ana@elsewhere", "elsewhere/1/1 9:9")
MADE = """
rm -rf /etc/rolled; mkdir -m 0750 /etc/rolled
echo secret >/etc/rolled/file; chown 1:2 /etc/rolled/file; chmod 0640 /etc/rolled/file
ln -s /nowhere /etc/rolled/link; mkdir /etc/rolled/gone; echo x >/etc/rolled/gone/x
"""
CHANGED = """
rm -rf /etc/rolled/gone /etc/rolled/link; echo open >/etc/rolled/file; chmod 0666 /etc/rolled/file
mkdir /etc/rolled/new; for n in 1 2 3 4 5 6 7 8 9; do echo $n >/etc/rolled/new/$n; done
"""
SHOWN = """
find /etc/rolled -name '.ringfence*' -prune -o -printf '%p %y %m %U %G %l\\n' | sort
find /etc/rolled -type f -exec sha256sum {} + | sort
sha256sum /etc/ssh/sshd_config; sshd -T | sort; systemctl is-active ssh.service
"""
FOREIGN = "printf 'Port 22\\nAllowGroups nobodys\\nPermitRootLogin no\\n'"
# The script of the way back, by the words that it was started with.
KILL_RESTORE = r"""
for process in /proc/[0-9]*; do
    if tr '\0' '\n' <"$process/cmdline" 2>/dev/null | grep -qx restore; then
        kill -9 "${process#/proc/}"
    fi
done
true
"""


@pytest.fixture(params=HOSTS.split(","))
def channel(lab, request):
    """A channel to a host with something to roll back; nothing of the test's is left."""
    site = load_site(lab.path)
    channel = Channel(site, site.host(request.param))
    told(channel.ask(f"rm -rf /var/lib/ringfence/states; cp -a /etc/ssh /etc/ssh.kept; {MADE}")[0])
    yield channel
    channel.ask(
        "rm -rf /etc/rolled; cp -a /etc/ssh.kept/. /etc/ssh/; rm -rf /etc/ssh.kept; "
        "systemctl reload ssh"
    )
    demand(channel, "revert", "asked: the test is over")
    demand(channel, "unlock", OTHER.id)
    channel.close()


def change(channel, day: int, script: str, coverage: str = "path /etc/rolled\n") -> str:
    """Change a host as a run does, and return the run's id."""
    run = Run(f"2026010{day}T000000Z-00000{day}", *OTHER[1:])
    demand(channel, "lock", *run)
    open_state(channel, run, coverage)
    told(channel.ask(f"set -e; {script}")[0])
    told(channel.ask("sh /var/lib/ringfence/states/states acted reload ssh.service")[0])
    close_state(channel, run)
    demand(channel, "unlock", run.id)
    return run.id


def shown(channel) -> str:
    return told(channel.ask(SHOWN)[0])


def back(lab, channel, *options: str) -> "subprocess.CompletedProcess[str]":
    done = lab.ringfence(
        *("rollback", str(lab.path), "--limit", channel.host.name, "--no-verify", *options)
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


def test_files_come_back_with_owners_modes_and_links(lab, channel):
    before = shown(channel)
    run = change(channel, 1, CHANGED)
    done = back(lab, channel, "--before", run)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "changed: /etc/rolled/link (put back)" in done.stdout
    assert "changed: /etc/rolled/new (removed)" in done.stdout
    assert "changed: ssh.service (reloaded)" in done.stdout
    assert shown(channel) == before


def test_a_former_state_that_lets_nobody_in_is_put_back_by_the_guard(lab, channel):
    # Somebody's configuration that sshd hadn't loaded yet, when a run healed it.
    foreign = f"{FOREIGN} >/etc/ssh/sshd_config"
    told(channel.ask(foreign)[0])
    run = change(
        channel,
        1,
        "cp -a /etc/ssh.kept/sshd_config /etc/ssh/sshd_config",
        "path /etc/ssh\npath /etc/rolled\n",
    )
    now = shown(channel)
    began = time.monotonic()
    done = back(lab, channel, "--before", run)
    assert done.returncode == 1
    assert f"{channel.host.name}: REVERTED" in done.stdout, done.stdout
    assert "the new login failed" in done.stdout
    assert time.monotonic() - began < BACK_WITHIN
    assert shown(channel) == now
    assert [kept.run for kept in history(channel)] == [run]
    records = sorted((lab.path / "runs").glob("*/rollback.json"))
    assert json.loads(records[-1].read_text())["hosts"][channel.host.name]["reverted"]


@pytest.mark.parametrize(
    ("channel", "victim", "after"),
    [
        ("bastion1", "controller", 0.0),
        ("agent1", "controller", 0.8),
        ("bastion1", "controller", 2.5),
        ("agent1", "host", 0.1),
        ("bastion1", "host", 0.8),
    ],
    indirect=["channel"],
)
def test_a_rollback_that_is_killed_is_finished_by_the_next(lab, channel, victim, after):
    before = shown(channel)
    run = change(channel, 1, CHANGED)
    running = subprocess.Popen(
        [
            *(sys.executable, "-c", "from ringfence.cli import main; main()"),
            *("rollback", str(lab.path), "--limit", channel.host.name, "--before", run),
            "--no-verify",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=lab.house,
        env=lab.environment,
        text=True,
        start_new_session=True,
    )
    while running.poll() is None and channel.ask(f"test -e {GUARD}/armed")[0].status:
        time.sleep(0.05)
    time.sleep(after)
    if victim == "controller":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
    else:
        channel.ask(KILL_RESTORE)
    said = running.communicate()[0]
    assert "Traceback" not in said
    done = back(lab, channel, "--before", run)
    assert done.returncode == 0, said + done.stdout + done.stderr
    assert shown(channel) == before
    left = channel.ask("find / -xdev -name '.ringfence*' -o -xdev -path '*/states/open'")[0]
    assert left.stdout == b""
    again = back(lab, channel, "--before", run)
    assert (again.returncode, "0 changed: nothing to change" in again.stdout) == (0, True)


def test_an_unknown_run_is_4_and_a_gap_is_refused(lab, channel):
    run = change(channel, 1, CHANGED)
    unknown = back(lab, channel, "--to", f"{run[:-1]}9")
    assert unknown.returncode == 4
    assert f"did you mean '{run}'" in unknown.stderr
    assert len(unknown.stderr.strip().splitlines()) == 1
    changed = shown(channel)
    told(channel.ask(f"rm -f /var/lib/ringfence/states/{run}/closed")[0])
    gap = back(lab, channel, "--before", run)
    assert gap.returncode == 1
    assert f"refused: it no longer keeps what run {run} changed" in gap.stdout
    assert shown(channel) == changed


def test_a_rollback_is_refused_while_another_run_is_in_progress(lab, channel):
    run = change(channel, 1, CHANGED)
    demand(channel, "lock", *OTHER)
    refused = back(lab, channel, "--before", run)
    assert refused.returncode == 1
    assert "refused: another run is in progress: ana@elsewhere" in refused.stdout


def test_a_full_disk_is_refused_before_anything_changes(lab, channel):
    run = change(channel, 1, CHANGED)
    changed = shown(channel)
    mount = "mount -t tmpfs -o size=8m full /var/lib/ringfence/guard"
    told(channel.ask(f"{mount} && cat /dev/zero >{GUARD}/zero; true")[0])
    try:
        refused = back(lab, channel, "--before", run)
    finally:
        told(channel.ask("umount -l /var/lib/ringfence/guard")[0])
    assert refused.returncode == 1
    assert "refused: " in refused.stdout
    assert shown(channel) == changed


def test_five_states_are_kept_and_the_sixth_drops_the_oldest(lab, channel):
    runs = [change(channel, day, f"echo {day} >/etc/rolled/file") for day in range(1, 7)]
    known = {kept.run: kept.changes for kept in history(channel)}
    assert known[runs[0]] is None
    assert all(known[run] for run in runs[1:])
    kept = told(channel.ask("cd /var/lib/ringfence/states; stat -c '%n %a %U' . 2*")[0])
    assert kept.splitlines() == [". 700 root", *(f"{run} 700 root" for run in runs[1:])]
    refused = back(lab, channel, "--before", runs[0])
    assert f"the farthest way back is --before {runs[1]}" in refused.stdout
    done = back(lab, channel, "--before", runs[1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert told(channel.ask("cat /etc/rolled/file")[0]) == "1\n"
