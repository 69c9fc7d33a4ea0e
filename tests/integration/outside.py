"""This computer in the lab's network, with addresses more that no host of the site has."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ringfence.lab import processes
from ringfence.lab.paths import LabPaths

BASTION, THIS_COMPUTER = "10.77.0.13", "10.77.0.254"
PEOPLE = "  - {from: internet, to: bastion, port: 22, protocol: tcp, purpose: people}\n"
"""The flow by which they reach the bastion."""
GUESS = """\
ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
    -o ConnectTimeout=5 -b {source} oracle@{host} true 2>&1 || true
"""


class Outside:
    """Whoever is there: what they do has no right to succeed."""

    def __init__(self, path: Path) -> None:
        (network,) = processes.find(LabPaths(path).state, processes.NETWORK)
        self.enter = ["nsenter", "--target", str(network.pid), "--net", "--", "sh", "-c"]

    def run(self, script: str) -> str:
        """Run a script in the lab's network, and return what it printed."""
        ended = subprocess.run([*self.enter, script], capture_output=True, text=True, check=False)
        return ended.stdout.strip()

    def is_let_in(self, source: str) -> bool:
        """Whether the bastion's port of sshd is open to an address."""
        probe = f"import socket; socket.create_connection(('{BASTION}', 22), 3, ('{source}', 0))"
        return self.run(f'python3 -c "{probe}" 2>/dev/null && echo yes || echo no') == "yes"

    def guess(self, source: str) -> str:
        """Try to log in to the bastion from an address, and return what ssh says."""
        return self.run(GUESS.format(source=source, host=BASTION))

    @contextmanager
    def at(self, site, *addresses: str) -> Iterator[None]:
        """Have this computer some addresses meanwhile, to which the bastion knows the way."""
        for address in addresses:
            self.run(f"ip address add {address}/32 dev lab0")
            site.run_on("bastion1", f"ip route add {address} via {THIS_COMPUTER}")
        try:
            yield
        finally:
            for address in addresses:
                self.run(f"ip address del {address}/32 dev lab0")
                site.run_on("bastion1", f"ip route del {address}; fail2ban-client unban {address}")
