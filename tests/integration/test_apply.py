"""Red, apply, green, nothing left to change; and whatever interrupts it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from ringfence.lab.container import lab_cgroup
from ringfence.lab.paths import LabPaths
from ringfence.operations.shell import library

HOSTS = "bastion1,agent1"
FEW = 20
"""Commands; a plan asks more than a hundred questions of a host."""


def test_a_stock_host_is_red_and_an_applied_one_green(stock):
    site = str(stock.path)
    code, verdicts = stock.verify("--limit", HOSTS)
    assert code == 1
    assert verdicts == stock.of_a_stock_host(verdicts)
    planned = stock.ringfence("plan", site, "--limit", HOSTS)
    assert planned.returncode == 2, planned.stderr
    applied = stock.ringfence("apply", site, "--limit", HOSTS)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert stock.verdicts() == stock.of_a_hardened_host(stock.verdicts())
    planned = stock.ringfence("plan", site, "--limit", HOSTS)
    assert (planned.returncode, planned.stdout.count("would change:")) == (0, 0)
    again = stock.ringfence("apply", site, "--limit", HOSTS)
    assert again.returncode == 0
    assert again.stdout.count("0 changed") == 2


def test_a_plan_shows_what_changes_in_files_and_what_restarts(hardened):
    site, limit = str(hardened.path), ("--limit", "bastion1")
    hardened.run_on(
        "bastion1",
        "sed -i 's/^PermitRootLogin .*/PermitRootLogin yes/' /etc/ssh/sshd_config; "
        "echo '# token=former-secret' >>/etc/default/ssh; chmod 644 /etc/ringfence/ssh-keys.yml; "
        'echo "$(head -c 40 /etc/ringfence/ssh-keys.yml)" >/etc/ringfence/ssh-keys.yml',
    )
    planned = hardened.ringfence("plan", site, *limit)
    assert planned.returncode == 2, planned.stderr
    for line in (
        "-PermitRootLogin yes",
        "+PermitRootLogin no",
        "would restart: ssh.service",
        "/etc/ringfence/ssh-keys.yml: content, mode 0644 → 0600; not shown: not everybody on",
    ):
        assert line in planned.stdout
    assert "former-secret" not in planned.stdout
    told = json.loads(hardened.ringfence("plan", site, *limit, "--json").stdout)
    host = told["hosts"]["bastion1"]
    assert {"verb": "restart", "unit": "ssh.service", "because": []} in [
        act | {"because": []} for act in host["units"]
    ]
    changes = {change["path"]: change for change in host["files"]}
    assert "-# token=********" in changes["/etc/default/ssh"]["diff"]
    assert changes["/etc/ringfence/ssh-keys.yml"]["diff"] == []
    applied = hardened.ringfence("apply", site, *limit, "--no-verify")
    assert applied.returncode == 0, applied.stdout
    assert "restarted: ssh.service" in applied.stdout


def test_a_role_may_be_applied_alone(stock):
    applied = stock.ringfence(
        "apply", str(stock.path), "--limit", "agent1", "--role", "identity", "--no-verify"
    )
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "SSH-" not in applied.stdout


def test_native_pyinfra_plans_and_applies_the_same_site(stock):
    def native(*options):
        return subprocess.run(
            [
                *(sys.executable, "-m", "pyinfra", "--json", *options, "--limit", "agent1"),
                *(str(stock.path / "inventory.py"), "deploys/site.py"),
            ],
            capture_output=True,
            text=True,
            cwd=stock.house,
            env=stock.environment,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    def changes():
        plan = json.loads(native("--dry").stdout)["plan"]
        return [operation["name"] for operation in plan if operation["hosts_with_change"]]

    planned = changes()
    assert planned
    unguarded = native("-y")
    assert unguarded.returncode != 0
    assert "use ringfence apply, or say --data guard=off" in unguarded.stderr
    assert changes() == planned
    done = json.loads(native("-y", "--data", "guard=off").stdout)["results"]
    assert done["failed_hosts"] == []
    assert done["totals"]["error"] == 0
    assert changes() == []


@pytest.mark.parametrize(
    ("number", "after"),
    [
        pytest.param(signal.SIGKILL, 0.3, marks=pytest.mark.every_way),
        pytest.param(signal.SIGINT, 1.7, marks=pytest.mark.every_way),
        (signal.SIGKILL, 3.1),
        (signal.SIGINT, 5.0),
        pytest.param(signal.SIGKILL, 8.0, marks=pytest.mark.every_way),
    ],
)
def test_an_interrupted_apply_heals_at_the_next(stock_agent, number, after):
    running = subprocess.Popen(
        [
            *(sys.executable, "-c", "from ringfence.cli import main; main()"),
            *("apply", str(stock_agent.path), "--limit", "agent1", "--no-verify"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=stock_agent.house,
        env=stock_agent.environment,
        text=True,
        start_new_session=True,
    )
    said = ""
    while "+ pyinfra -y" not in said:
        line = running.stdout.readline()
        assert line, said
        said += line
    time.sleep(after)
    os.killpg(running.pid, number)
    said += running.communicate()[0]
    assert "Traceback" not in said
    assert stock_agent.run_on("agent1", "sshd -t && echo sound") == "sound\n"
    applied = stock_agent.ringfence("apply", str(stock_agent.path), "--limit", "agent1")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    leftovers = stock_agent.run_on(
        "agent1", "find / -xdev -name '.ringfence.*' -o -xdev -path /usr/sbin/policy-rc.d"
    )
    assert leftovers == ""


# A job that reads its input when it begins, and takes a while; the input changes meanwhile.
JOINED = """
cat >/run/systemd/system/slow.service <<'END'
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'cat /run/input >>/run/seen; sleep 3'
END
systemctl daemon-reload
rm -f /run/seen
echo before >/run/input
systemctl start --no-block slow.service
until [ -s /run/seen ]; do sleep 0.1; done
echo after >/run/input
start_anew slow.service
cat /run/seen
rm /run/systemd/system/slow.service /run/input /run/seen
systemctl daemon-reload
"""


def test_a_job_that_runs_already_is_started_anew_and_not_joined(lab):
    assert lab.run_on("agent1", library("services") + JOINED).split() == ["before", "after"]


def test_hosts_that_take_one_session_at_a_time_are_healed(hardened):
    for host in HOSTS.split(","):
        hardened.run_on(
            host,
            "sed -i 's/^MaxSessions .*/MaxSessions 1/' /etc/ssh/sshd_config; systemctl reload ssh; "
            "sshd -T | grep -qx 'maxsessions 1'",
        )
    applied = hardened.ringfence("apply", str(hardened.path), "--limit", HOSTS)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert applied.stdout.count("2 changed") == 2


def with_agent1_silent(site, since, log, *words):
    """Run a command; all processes of agent1 stand still from a line of a new run's log on.

    Its kernel acknowledges what is sent to them.
    """
    freezer = lab_cgroup(LabPaths(site.path)) / "agent1/cgroup.freeze"
    known = set(site.path.glob(f"runs/*/{log}"))
    with ThreadPoolExecutor() as pool:
        running = pool.submit(site.ringfence, words[0], str(site.path), *words[1:])
        try:
            while not any(
                re.search(since, new.read_text())
                for new in set(site.path.glob(f"runs/*/{log}")) - known
            ):
                assert not running.done()
                time.sleep(0.05)
            freezer.write_text("1")
            return running.result()
        finally:
            freezer.write_text("0")


def test_a_host_that_falls_silent_in_the_middle_of_a_plan_is_red_and_stops_nobody(hardened):
    for host in HOSTS.split(","):
        hardened.run_on(host, "chmod 0666 /etc/ringfence/host.json")
    forgotten = hardened.path / "runs/.unchanged"  # so that much is asked
    shutil.rmtree(forgotten, ignore_errors=True)
    connected = r"\[agent1\] +Connected"
    planned = with_agent1_silent(hardened, connected, "plan.log", "plan", "--limit", HOSTS)
    assert planned.returncode == 1, planned.stdout + planned.stderr
    told = planned.stdout.split("agent1: ")[1].split("bastion1: ")
    assert told[0].splitlines()[0] == "FAILED, 0 would change"
    assert "said nothing for 150 seconds" in told[0]
    assert "could not load" not in told[0]
    assert "CLS-01" in told[1]


@pytest.mark.every_way  # minutes, as many as the plan
def test_a_host_that_falls_silent_in_the_middle_of_an_apply_is_red_and_stops_nobody(hardened):
    """No guard is armed for this role, which would end the run sooner."""
    for host in HOSTS.split(","):
        hardened.run_on(host, "chmod 0666 /etc/ringfence/host.json")
    words = ("apply", "--limit", HOSTS, "--role", "identity", "--no-verify")
    applied = with_agent1_silent(hardened, "Starting operation: identity", "apply.log", *words)
    assert applied.returncode == 1, applied.stdout + applied.stderr
    told = applied.stdout.split("\nbastion1: ")
    assert "said nothing for 150 seconds" in told[0]
    assert told[1].startswith("ok, ")
    modes = [
        hardened.run_on(host, "stat -c %a /etc/ringfence/host.json").strip()
        for host in HOSTS.split(",")
    ]
    assert modes == ["644", "666"]


@pytest.mark.parametrize(
    ("command", "arguments", "sentence"),
    [
        ("apply", ["--role", "shh"], "there is no role 'shh'; did you mean 'ssh'"),
        ("apply", ["--limit", "pbx9"], "did you mean 'pbx'"),
        ("plan", ["--limit", ","], "names no host"),
    ],
)
def test_a_wrong_choice_is_4_before_any_host_is_touched(lab, command, arguments, sentence):
    ended = lab.ringfence(command, str(lab.path), *arguments)
    assert ended.returncode == 4
    assert sentence in ended.stderr


def test_a_host_at_rest_is_asked_without_pyinfra_and_its_drift_is_seen(hardened):
    plan = ("plan", str(hardened.path), "--limit", "agent1")
    logs = set()
    for _ in range(2):
        known = set(hardened.path.glob("runs/*/plan.log"))
        planned = hardened.ringfence(*plan)
        assert planned.returncode == 0, planned.stdout
        logs = set(hardened.path.glob("runs/*/plan.log")) - known
    assert not logs
    hardened.run_on("agent1", "chmod 0666 /etc/ringfence/host.json")
    before = sudo_calls(hardened)
    drifted = hardened.ringfence(*plan)
    assert drifted.returncode == 2, drifted.stdout
    # pyinfra was started, and its facts called sudo once, not once each, as the operations before.
    assert before > FEW
    assert sudo_calls(hardened) - before < FEW
    # The site accepts what others changed, so the baseline of files is taken anew with it.
    assert re.findall(r" \| ([A-Z]+-[0-9]+) ", drifted.stdout) == ["CLS-01", "FIM-01"]


def sudo_calls(lab) -> int:
    """How many commands sudo has let run on agent1."""
    text = lab.run_on("agent1", "journalctl --sync; journalctl -q -t sudo -g COMMAND= -o cat")
    return len(text.splitlines())


def test_plan_apply_and_verify_speak_to_machines_too(hardened):
    hardened.run_on("agent1", "chmod 0666 /etc/ringfence/host.json")

    def document(command, *options):
        limit = ("--limit", "agent1", "--json")
        ended = hardened.ringfence(command, str(hardened.path), *limit, *options)
        return ended.returncode, json.loads(ended.stdout)

    code, planned = document("plan", "--role", "identity")
    assert (code, planned["dry"], planned["changes"]) == (2, True, 1)
    assert ["CLS-01" in name for name in planned["hosts"]["agent1"]["changed"]] == [True]
    code, judged = document("verify", "--control", "CLS-01")
    (red,) = judged["controls"]
    assert (code, red["control"], red["verdict"], judged["counts"]["fail"]) == (
        1,
        "CLS-01",
        "fail",
        1,
    )
    code, done = document("apply", "--role", "identity")
    assert (code, done["apply"]["failed"], done["verify"]["counts"]["fail"]) == (0, False, 0)
    assert done["apply"]["hosts"]["agent1"]["changed"] == planned["hosts"]["agent1"]["changed"]
