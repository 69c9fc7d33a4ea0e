"""One lab as it stands: its plan, its files, its ports, its network process."""

import contextlib
import fcntl
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ringfence.errors import ToolError
from ringfence.lab import keys, namespaces, processes
from ringfence.lab.container import cgroup_root
from ringfence.lab.network import NetworkPlan
from ringfence.lab.paths import LabPaths
from ringfence.lab.seed import Identity, SeedFile, seed_files
from ringfence.lab.settings import LabPlan, PlannedHost

Say = Callable[[str, str], None]
"""Told what happens: the host (or image) and the step, a few words."""


@dataclass
class Lab:
    """A plan and where it lives. Nothing here starts a host."""

    plan: LabPlan
    paths: LabPaths
    ports: dict[str, int] = field(default_factory=dict)
    """The port on 127.0.0.1 that leads to each host's sshd."""

    @classmethod
    def open(cls, plan: LabPlan) -> "Lab":
        """Make the lab's object with the ports that it had."""
        lab = cls(plan, LabPaths(plan.site))
        with contextlib.suppress(OSError, ValueError):
            known = json.loads(lab.paths.state_file.read_text())["ports"]
            lab.ports = {name: known[name] for name in plan.hosts if name in known}
        return lab

    def prepare(self) -> None:
        """Make folders, keys, ports and the files of the ssh client, where they are missing."""
        self.paths.make()
        self.choose_ports()
        keys.make_key(self.paths.operator_key, f"operator of {self.plan.name}")
        keys.make_key(self.paths.verifier_key, f"verifies {self.plan.name}")
        for name in self.plan.hosts:
            keys.make_key(self.paths.host(name) / "ssh_host_ed25519_key", name)
        keys.write_client_files(self.paths, self.ports)

    def choose_ports(self) -> None:
        """Give every host a port of its own; a host that is reached now keeps its port."""
        running = {process.part for process in processes.find(self.paths.state)}
        for name, host in self.plan.hosts.items():
            holder = processes.NETWORK if host.kind == "container" else name
            if name not in self.ports or (
                holder not in running and not _port_is_free(self.ports[name])
            ):
                self.ports[name] = free_port(self.ports.values())
        _write_json(self.paths.state_file, {"lab": self.plan.name, "ports": self.ports})

    def seed(self, host: PlannedHost, match: str, mac: str, resolver: str) -> dict[str, SeedFile]:
        """Return the files that make a copy of the image this host."""
        key = self.paths.host(host.name) / "ssh_host_ed25519_key"
        return seed_files(
            Identity(
                lab=self.plan.name,
                name=host.name,
                interface=self.plan.interface(host),
                match=match,
                mac=mac,
                resolver=resolver,
                hosts=self.plan.addresses,
                operator_key=self.paths.operator_key.with_suffix(".pub").read_text().strip(),
                host_key=key.read_text(),
                host_key_public=key.with_suffix(".pub").read_text(),
            )
        )

    def network_plan(self) -> NetworkPlan:
        """Return what the network process is to do for this plan."""
        hosts = self.plan.hosts.values()
        containers = [host for host in hosts if host.kind == "container"] if _is_root() else []
        inbox = self.plan.inbox
        return NetworkPlan(
            sockets=str(self.paths.sockets),
            ready=str(self.paths.sockets / "network.ready"),
            machines=[host.name for host in hosts if host.kind == "machine"],
            forwards={self.ports[host.name]: str(host.address) for host in containers},
            bridge_address=self.plan.bridge_address if _is_root() else None,
            inbox=str(self.paths.inbox) if _is_root() and inbox else None,
            mail=inbox.mail if inbox else 0,
            web=inbox.web if inbox else 0,
        )

    def ensure_network(self) -> int:
        """Start the network process, or replace one that serves another plan; return its pid.

        A new process takes over the namespace of containers that still run. Raises ToolError.
        """
        plan = self.network_plan()
        running = processes.find(self.paths.state, processes.NETWORK)
        if len(running) == 1 and _plan_of(running[0]) == plan:
            return running[0].pid
        processes.end_all(self.paths.state, processes.NETWORK)
        ready, log = Path(plan.ready), self.paths.log("network.log")
        ready.unlink(missing_ok=True)
        plan = NetworkPlan(**{**vars(plan), "join": self.namespace_holder()})
        command = [sys.executable, "-m", "ringfence.lab.network", plan.to_json()]
        folder = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
        started = processes.start(
            command, self.paths.state, processes.NETWORK, log, extra={"PYTHONPATH": path}
        )
        deadline = time.monotonic() + 30
        while not ready.exists():
            if started.poll() is not None or time.monotonic() > deadline:
                raise ToolError(f"the lab's network did not start; the log is {log}")
            time.sleep(0.02)
        return started.pid

    def namespace_holder(self) -> int | None:
        """Return a process of a running container that is inside the lab's network namespace."""
        for process in processes.find(self.paths.state):
            host = self.plan.hosts.get(process.part)
            outside = namespaces.same_network(process.pid, os.getpid())
            if host and host.kind == "container" and not outside:
                return process.pid
        return None

    @contextlib.contextmanager
    def locked(self, say: Say) -> Iterator[None]:
        """Keep out other commands that change this lab."""
        with locked(self.paths, say):
            yield


@contextlib.contextmanager
def locked(paths: LabPaths, say: Say) -> Iterator[None]:
    """Keep out other commands that change the lab; the kernel frees the lock of a dead one."""
    paths.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(paths.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("lab", "waiting for another command that changes this lab")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def containers_possible() -> str:
    """Return why containers can't run here, empty when they can."""
    if not _is_root():
        return "containers need root"
    cgroup_root()
    return ""


def _plan_of(process: processes.LabProcess) -> NetworkPlan | None:
    try:
        plan = NetworkPlan.from_json(process.command[-1])
    except (ValueError, KeyError, TypeError, IndexError):
        return None
    return NetworkPlan(**{**vars(plan), "join": None})


def _is_root() -> bool:
    return os.getuid() == 0


def _port_is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def free_port(taken: Iterable[int] = ()) -> int:
    """Return a port of 127.0.0.1 that nobody has now."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = int(server.getsockname()[1])
        if port not in taken:
            return port


def _write_json(path: Path, content: object) -> None:
    new = path.with_name(f"{path.name}.new")
    new.write_text(json.dumps(content, indent=2) + "\n")
    new.replace(path)
