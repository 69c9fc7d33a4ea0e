"""Many hosts in one command: each has an outcome, also when some are dead."""

import json
import shutil
import subprocess
import sys

import pytest
import yaml

from ringfence.lab import processes
from ringfence.lab.paths import LabPaths

HOSTS, DEAD = 30, 2
PORT = 2222
START = """
mkdir -p /run/sshd
for number in $(seq {first} {last}); do
    ip address add "10.77.0.$number/24" dev host0
    /usr/sbin/sshd -p {port} -o "ListenAddress=10.77.0.$number" -o PidFile=none </dev/null
done
"""
BLOCK = """Host {name}
    HostName 10.77.0.{number}
    Port {port}
    User deploy
    HostKeyAlias agent1
    IdentityFile {state}/id_ed25519
    IdentitiesOnly yes
    UserKnownHostsFile {state}/known_hosts
    StrictHostKeyChecking yes
    KexAlgorithms ^curve25519-sha256
"""


@pytest.fixture
def many(stock, tmp_path):
    """A site of hosts that one container plays, an sshd each; the last ones have none."""
    first = 100
    numbers = {f"host{index:02}": first + index for index in range(HOSTS)}
    last = first + HOSTS - DEAD - 1
    stock.run_on("agent1", START.format(first=first, last=last, port=PORT))
    path = tmp_path / "many"
    shutil.copytree(
        stock.path, path, ignore=shutil.ignore_patterns(".lab", "pki", "runs", "lab.yml")
    )
    for shared in (".lab", "pki"):
        (path / shared).symlink_to(stock.path / shared)
    blocks = [
        BLOCK.format(name=name, number=number, port=PORT, state=stock.path / ".lab")
        for name, number in numbers.items()
    ]
    (path / "ssh_config").write_text("\n".join(blocks))
    hosts = yaml.safe_load((path / "hosts.yml").read_text())
    hosts["ssh"]["config_file"] = "ssh_config"
    hosts["hosts"] = {
        name: {
            "address": f"10.77.0.{number}",
            "groups": ["agents"],
            "classification": "medium",
            "owner": "ana",
        }
        for name, number in numbers.items()
    }
    (path / "hosts.yml").write_text(yaml.safe_dump(hosts))
    policy = yaml.safe_load((path / "policy.yml").read_text())
    del policy["time"]  # its server is none of these
    (path / "policy.yml").write_text(yaml.safe_dump({**policy, "flows": [], "permissions": {}}))
    return stock, path, list(numbers)


def test_thirty_hosts_of_which_two_are_dead_each_have_an_outcome(many):
    lab, path, names = many
    (network,) = processes.find(LabPaths(lab.path).state, processes.NETWORK)
    ended = subprocess.run(
        [
            *("nsenter", f"--net=/proc/{network.pid}/ns/net", "--", sys.executable, "-c"),
            "from ringfence.cli import main; main()",
            *("verify", str(path), "--control", "CLS-01,SSH-01", "--json"),
        ],
        capture_output=True,
        text=True,
        cwd=lab.house,
        env=lab.environment,
        check=False,
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout
    outcomes = {
        (each["host"], each["control"]): each["verdict"]
        for each in json.loads(ended.stdout)["controls"]
    }
    assert len(outcomes) == HOSTS * 2
    dead = names[-DEAD:]
    assert outcomes == {
        (name, control): "unreachable" if name in dead else "fail"
        for name in names
        for control in ("CLS-01", "SSH-01")
    }
    assert all(f"{name}: unreachable" in ended.stderr for name in dead)
    (run,) = (path / "runs").iterdir()
    assert {snapshot.stem for snapshot in (run / "snapshot").iterdir()} == set(names)
    assert not (run / "parts").exists()
