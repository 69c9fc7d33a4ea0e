"""A stranger on the network guesses a login of a real host, and is shut out; nobody else is."""

import subprocess
import time

import pytest

from ringfence.lab import processes
from ringfence.lab.paths import LabPaths
from ringfence.site import load_site

BASTION, STRANGER = "10.77.0.13", "198.51.100.77"
PEOPLE = "  - {from: internet, to: bastion, port: 22, protocol: tcp, purpose: people}\n"
GUESS = """\
ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
    -o ConnectTimeout=5 -b {source} oracle@{host} true 2>&1 || true
"""
FOUND = f"journalctl -q -o cat -u fail2ban.service | grep -c 'sshd. Found {STRANGER} ' || true"
BANNED = "nft list set inet ringfence banned4"


class Outside:
    """This computer in the lab's network, with an address more that no host of the site has."""

    def __init__(self, path):
        (network,) = processes.find(LabPaths(path).state, processes.NETWORK)
        self.enter = ["nsenter", "--target", str(network.pid), "--net", "--", "sh", "-c"]

    def run(self, script):
        ended = subprocess.run([*self.enter, script], capture_output=True, text=True, check=False)
        return ended.stdout.strip()

    def is_let_in(self, source):
        probe = f"import socket; socket.create_connection(('{BASTION}', 22), 3, ('{source}', 0))"
        return self.run(f'python3 -c "{probe}" 2>/dev/null && echo yes || echo no') == "yes"

    def guess(self):
        return self.run(GUESS.format(source=STRANGER, host=BASTION))


@pytest.fixture
def outside(regrouped, lab):
    site = regrouped({}, PEOPLE)
    applied = site.ringfence("apply", str(site.path), "--limit", "bastion1", "--no-verify")
    assert applied.returncode == 0, applied.stdout + applied.stderr
    outside = Outside(lab.path)
    outside.run(f"ip address add {STRANGER}/32 dev lab0")
    site.run_on("bastion1", f"ip route add {STRANGER} via 10.77.0.254")
    yield site, outside
    outside.run(f"ip address del {STRANGER}/32 dev lab0")
    site.run_on("bastion1", f"ip route del {STRANGER}; fail2ban-client unban {STRANGER}")


def failures(site):
    """How often fail2ban has found that the stranger failed."""
    return int(site.run_on("bastion1", FOUND))


def wait_for(site, came):
    deadline = time.monotonic() + 60
    while not came():
        assert time.monotonic() < deadline, site.run_on("bastion1", "fail2ban-client status sshd")
        time.sleep(0.5)


def test_who_guesses_is_shut_out_and_the_sites_own_are_not(outside):
    site, outside = outside
    attempts = load_site(site.path).policy.detection.attempts
    for _ in range(2 * attempts):  # who only looks whether the port is open
        assert outside.is_let_in(STRANGER)
    for _ in range(attempts - 1):
        assert "denied" in outside.guess()
    wait_for(site, lambda: failures(site) >= attempts - 1)
    assert failures(site) == attempts - 1
    assert outside.is_let_in(STRANGER)
    assert "denied" in outside.guess()
    wait_for(site, lambda: STRANGER in site.run_on("bastion1", BANNED))
    assert not outside.is_let_in(STRANGER)
    for _ in range(2 * attempts):  # who administers the site is never shut out
        outside.run(GUESS.format(source="10.77.0.254", host=BASTION))
    assert outside.is_let_in("10.77.0.254")
    code, verdicts = site.verify("--limit", "bastion1", "--control", "IDS-01")
    assert (code, verdicts) == (0, {("bastion1", "IDS-01"): "pass"})
    site.run_on("bastion1", f"fail2ban-client unban {STRANGER}")
    assert outside.is_let_in(STRANGER)
