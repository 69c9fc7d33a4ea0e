"""The lab itself: hosts reach one another, come back clean, reboot, and leave nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import paramiko
import pytest

from ringfence import lab as labs
from ringfence.lab import processes
from ringfence.lab.container import lab_cgroup
from ringfence.lab.paths import LabPaths

HOSTS = """\
name: tiny
ssh: {user: deploy, config_file: .lab/ssh_config, known_hosts_file: .lab/known_hosts}
hosts:
  edge1: {address: 10.91.0.11, groups: [bastion], classification: medium, owner: ana}
  agent1: {address: 10.91.0.12, groups: [agents], classification: basic, owner: ana}
  pbx1: {address: 10.91.0.13, groups: [pbx], classification: medium, owner: ana}
"""
LAB = """\
name: tiny-lab
network: 10.91.0.0/24
hosts:
  edge1: {kind: container, debian: 13}
  agent1: {kind: container, debian: 12}
  pbx1: {kind: machine, debian: 12}
"""
CONTAINERS = ["edge1", "agent1"]
GREETING = "timeout 20 bash -c 'exec 3<>/dev/tcp/{0}/22; head -n 1 <&3'"


def links() -> set[str]:
    """The network interfaces outside of the lab; other labs have none there either."""
    return {link.name for link in Path("/sys/class/net").iterdir()}


def listening() -> set[int]:
    """The TCP ports of this machine on which somebody listens."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = [line.split() for line in lines]
    return {int(field[1].partition(":")[2], 16) for field in fields if field[3] == "0A"}


@pytest.fixture(scope="module")
def before() -> set[str]:
    return links()


@pytest.fixture(scope="module")
def site(tmp_path_factory, before) -> Path:
    # The longest name that a test can have: a unix socket's path has 107 bytes at most.
    path = tmp_path_factory.mktemp("a-site-with-a-long-name, and a comma: really")
    (path / "hosts.yml").write_text(HOSTS)
    (path / "lab.yml").write_text(LAB)
    yield path
    labs.down(path)


@pytest.fixture
def containers(site) -> Path:
    labs.up(site, CONTAINERS)
    return site


@pytest.fixture
def machine(containers) -> Path:
    labs.up(containers, ["pbx1"])
    return containers


def shell(site: Path, host: str, script: str) -> str:
    done = labs.run_on(site, host, script)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def boot_id(site: Path, host: str) -> str:
    return shell(site, host, "cat /proc/sys/kernel/random/boot_id")


def pids(site: Path) -> dict[str, int]:
    return {host.name: host.pid for host in labs.status(site)}


def assert_nothing_is_left(site: Path, before: set[str]) -> None:
    paths = LabPaths(site)
    assert processes.find(paths.state) == []
    assert not lab_cgroup(paths).exists()
    assert not paths.sockets.exists()
    assert str(paths.state) not in Path("/proc/self/mountinfo").read_text()
    assert links() == before
    assert not list(Path("/run/netns").glob("*")) if Path("/run/netns").exists() else True
    ports = json.loads(paths.state_file.read_text())["ports"].values()
    assert not listening().intersection(ports)
    assert {host.state for host in labs.status(site)} == {"stopped"}


@pytest.mark.parametrize("host", CONTAINERS)
def test_a_container_is_a_whole_host(containers, host):
    assert shell(containers, host, "head -n 1 /etc/ringfence-lab") == "tiny-lab"
    assert shell(containers, host, "systemctl is-system-running") == "running"
    assert shell(containers, host, "hostname") == host
    assert shell(containers, host, "test -w /dev/shm && test -c /dev/net/tun && id -u") == "0"
    shell(containers, host, "ip link add name dummy9 type bridge && ip link del dummy9")
    shell(containers, host, "systemd-run --wait --quiet --on-active=0 true || systemd-run true")
    keys = "ls /etc/ssh/ssh_host_*_key"
    assert shell(containers, host, keys) == "/etc/ssh/ssh_host_ed25519_key"


def test_containers_reach_one_another_by_name(containers):
    for one, other in (CONTAINERS, reversed(CONTAINERS)):
        assert shell(containers, one, GREETING.format(other)).startswith("SSH-2.0")


def test_a_container_reaches_nothing_outside(containers):
    assert "default" not in shell(containers, "edge1", "ip route")


def test_up_again_changes_nothing(containers):
    before = pids(containers)
    labs.up(containers, CONTAINERS)
    assert pids(containers) == before


@pytest.mark.parametrize("host", CONTAINERS)
def test_reset_forgets_what_happened(containers, host):
    shell(containers, host, "touch /etc/changed; rm /etc/ringfence-lab")
    labs.reset(containers, [host])
    assert shell(containers, host, "ls /etc/changed 2>&1 || cat /etc/ringfence-lab").endswith(
        "tiny-lab"
    )


@pytest.mark.parametrize("host", CONTAINERS)
def test_reboot_is_a_new_boot_of_the_same_host(containers, host):
    shell(containers, host, "touch /etc/changed")
    before = boot_id(containers, host)
    labs.reboot(containers, [host])
    assert boot_id(containers, host) != before
    shell(containers, host, "test -e /etc/changed")


def test_paramiko_takes_the_host_key_strictly(containers):
    paths, client = LabPaths(containers), paramiko.SSHClient()
    client.load_host_keys(str(paths.known_hosts))
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    port = next(host.port for host in labs.status(containers) if host.name == "edge1")
    client.connect(
        "127.0.0.1", port, "deploy", key_filename=str(paths.operator_key), allow_agent=False
    )
    client.close()


def test_a_host_with_another_key_is_refused(containers):
    shell(containers, "agent1", "rm /etc/ssh/ssh_host_*; ssh-keygen -A; systemctl restart ssh")
    done = labs.run_on(containers, "agent1", "true")
    assert done.returncode == 255
    assert "verification failed" in done.stderr
    labs.reset(containers, ["agent1"])
    shell(containers, "agent1", "true")


def test_the_network_heals_under_running_hosts(containers):
    state = LabPaths(containers).state
    before = pids(containers)
    (network,) = processes.find(state, processes.NETWORK)
    os.kill(network.pid, signal.SIGKILL)
    labs.up(containers, CONTAINERS)
    assert pids(containers) == before
    assert shell(containers, "edge1", GREETING.format("agent1")).startswith("SSH-2.0")


def test_a_host_that_was_switched_off_comes_back(containers):
    labs.run_on(containers, "agent1", "systemctl poweroff")
    deadline = time.monotonic() + 60
    while processes.find(LabPaths(containers).state, "agent1"):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert {h.name: h.state for h in labs.status(containers)}["agent1"] == "stopped"
    labs.up(containers, CONTAINERS)
    shell(containers, "agent1", "true")


def test_status_is_json_for_programs(containers):
    call = "from ringfence.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", call, "lab", "status", str(containers), "--json"],
        capture_output=True,
        text=True,
    )
    hosts = {host["name"]: host for host in json.loads(done.stdout)}
    assert hosts["edge1"]["state"] == "ready"
    assert hosts["edge1"]["address"] == "10.91.0.11"


@pytest.mark.machine
def test_machine_and_container_reach_one_another_by_name(machine):
    assert shell(machine, "pbx1", "head -n 1 /etc/ringfence-lab; hostname") == "tiny-lab\npbx1"
    assert shell(machine, "pbx1", GREETING.format("agent1")).startswith("SSH-2.0")
    assert shell(machine, "edge1", GREETING.format("pbx1")).startswith("SSH-2.0")


@pytest.mark.machine
def test_a_machine_shares_nothing_with_others_of_its_image(machine):
    shell(machine, "pbx1", "test -s /etc/machine-id && test ! -e /usr/local/sbin/lab-seed")
    shell(machine, "pbx1", "! systemctl cat lab-seed.service lab-reseed.service 2> /dev/null")
    shell(machine, "pbx1", "test ! -e /root/.lab-entropy")


@pytest.mark.machine
def test_a_machine_is_reset_to_its_clean_state_with_the_right_time(machine):
    shell(machine, "pbx1", "touch /etc/changed; date -s 2020-01-01; sync")
    labs.reset(machine, ["pbx1"])
    shell(machine, "pbx1", "test ! -e /etc/changed")
    assert abs(int(shell(machine, "pbx1", "date +%s")) - time.time()) < 120
    assert shell(machine, "pbx1", GREETING.format("agent1")).startswith("SSH-2.0")


@pytest.mark.machine
def test_a_machine_reboots_for_real_and_keeps_its_disk(machine):
    shell(machine, "pbx1", "touch /etc/changed")
    before = boot_id(machine, "pbx1")
    labs.reboot(machine, ["pbx1"])
    assert boot_id(machine, "pbx1") != before
    shell(machine, "pbx1", "test -e /etc/changed && hostname | grep -x pbx1")
    assert shell(machine, "edge1", GREETING.format("pbx1")).startswith("SSH-2.0")


@pytest.mark.machine
def test_a_machine_that_was_taken_down_resumes_clean(machine):
    shell(machine, "pbx1", "touch /etc/changed; sync")
    labs.down(machine, ["pbx1"])
    labs.up(machine, ["pbx1"])
    shell(machine, "pbx1", "test ! -e /etc/changed")


def test_down_leaves_nothing_even_after_everything_was_killed(containers, before):
    state = LabPaths(containers).state
    for process in processes.find(state):
        os.kill(process.pid, signal.SIGKILL)
    labs.down(containers)
    assert_nothing_is_left(containers, before)


def test_down_leaves_nothing_after_the_network_was_killed(containers, before):
    (network,) = processes.find(LabPaths(containers).state, processes.NETWORK)
    os.kill(network.pid, signal.SIGKILL)
    labs.down(containers)
    assert_nothing_is_left(containers, before)


def test_down_cleans_what_a_killed_up_began(site, before):
    labs.down(site)
    code = f"from pathlib import Path; from ringfence import lab; lab.up(Path({str(site)!r}))"
    up = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL)
    while not processes.find(LabPaths(site).state, "edge1"):
        assert up.poll() is None
        time.sleep(0.05)
    up.kill()
    up.wait()
    labs.down(site)
    assert_nothing_is_left(site, before)
    labs.down(site)


def test_down_works_with_a_broken_lab_file(containers, before):
    (containers / "lab.yml").write_text("hosts: [")
    labs.down(containers)
    (containers / "lab.yml").write_text(LAB)
    assert_nothing_is_left(containers, before)
