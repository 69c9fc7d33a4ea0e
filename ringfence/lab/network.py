"""The lab's network: one process that switches frames and forwards loopback ports to containers.

Machines hand their frames to it over unix datagram sockets (QEMU's `-netdev dgram`): a datagram is
a frame, whole or not at all, and no connection needs to heal when this process is replaced. Run by
root it lives in a network namespace of its own, with a bridge for the containers and a TAP device
between bridge and switch. All three have no name outside and end with their processes.
"""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

from ringfence.lab import inbox, namespaces
from ringfence.lab.switch import LONGEST, Switch

BRIDGE = "lab0"
TAP = "switch0"
MOST_WAITING = 256
"""Frames held for a port that is busy; then the newest is dropped, as any switch does."""
BUFFER = 4 * 1024 * 1024
MOST_CONNECTIONS = 200


@dataclass(frozen=True)
class NetworkPlan:
    """What the process is to do; handed over as JSON."""

    sockets: str
    """The folder of the unix sockets: `switch-<host>` is the switch's, `<host>` the machine's."""
    ready: str
    """The file that is written once everything works."""
    machines: list[str] = field(default_factory=list)
    forwards: dict[int, str] = field(default_factory=dict)
    """Port on 127.0.0.1 to the address of a container, port 22; only with a bridge."""
    bridge_address: str | None = None
    """Address and prefix length of the bridge (`10.77.0.254/24`); None for no namespace."""
    inbox: str | None = None
    """The folder of what hosts send, by mail or by HTTP; only with a bridge."""
    mail: int = 0
    """The port of the bridge's address that takes mail."""
    web: int = 0
    """The port that takes HTTP."""
    join: int | None = None
    """A process whose namespace is to be taken over, when the process before this one died."""

    def to_json(self) -> str:
        """Write the plan."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "NetworkPlan":
        """Read the plan; JSON makes text of the ports."""
        content = json.loads(text)
        content["forwards"] = {int(port): to for port, to in content["forwards"].items()}
        return cls(**content)


class Port(Protocol):
    """One port of the switch. Both calls may raise BlockingIOError."""

    def fileno(self) -> int:
        """The descriptor to wait for."""

    def receive(self) -> bytes:
        """Read one frame."""

    def send(self, frame: bytes) -> None:
        """Write one frame."""


class TapPort:
    """The way to the bridge."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self.descriptor

    def receive(self) -> bytes:
        """Read one frame."""
        return os.read(self.descriptor, LONGEST + 1)

    def send(self, frame: bytes) -> None:
        """Write one frame; the kernel refuses what is none."""
        os.write(self.descriptor, frame)


class MachinePort:
    """The way to one QEMU."""

    def __init__(self, folder: Path, host: str) -> None:
        own, self.peer = folder / f"switch-{host}", str(folder / host)
        own.unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        self.socket.bind(str(own))

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self.socket.fileno()

    def receive(self) -> bytes:
        """Read one frame."""
        return self.socket.recv(LONGEST + 1)

    def send(self, frame: bytes) -> None:
        """Write one frame; a machine that is off or just starting misses it."""
        with contextlib.suppress(FileNotFoundError, ConnectionError):
            self.socket.sendto(frame, self.peer)


class SwitchLoop:
    """Moves frames between ports; a busy port gets a bounded queue."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ports: dict[str, Port]) -> None:
        self.loop, self.ports = loop, ports
        self.switch = Switch(ports)
        self.waiting: dict[str, deque[bytes]] = {name: deque() for name in ports}
        for name, port in ports.items():
            loop.add_reader(port.fileno(), self.readable, name, port)

    def readable(self, name: str, port: Port) -> None:
        """Take what has arrived, a few frames at a time so that no port starves another."""
        for _ in range(64):
            try:
                frame = port.receive()
            except OSError:
                return
            for target in self.switch.route(name, frame):
                self.deliver(target, frame)

    def deliver(self, name: str, frame: bytes) -> None:
        """Send, or queue behind what is already waiting."""
        queue, port = self.waiting[name], self.ports[name]
        if queue:
            if len(queue) < MOST_WAITING:
                queue.append(frame)
            return
        try:
            port.send(frame)
        except BlockingIOError:
            queue.append(frame)
            self.wait(name)
        except OSError:
            return

    def wait(self, name: str) -> None:
        """Try again in a moment: a unix socket that sends to many peers is always writable."""
        self.loop.call_later(0.002, self.drain, name)

    def drain(self, name: str) -> None:
        """Send what waits."""
        queue, port = self.waiting[name], self.ports[name]
        while queue:
            try:
                port.send(queue[0])
            except BlockingIOError:
                self.wait(name)
                return
            except OSError:
                pass
            queue.popleft()


async def forward(address: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pipe one connection to port 22 of a container, both ways until both have ended."""
    try:
        async with asyncio.timeout(10):
            back_reader, back_writer = await asyncio.open_connection(address, 22)
    except (OSError, TimeoutError):
        writer.close()
        return
    await asyncio.gather(pipe(reader, back_writer), pipe(back_reader, writer))
    for end in (writer, back_writer):
        end.close()


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy one way; at the end pass the end on."""
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()


def forwarder(
    address: str, open_connections: set["asyncio.Task[None]"]
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
    """Return what `asyncio.start_server` calls for each connection; too many are refused."""

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(open_connections) >= MOST_CONNECTIONS:
            writer.close()
            return
        task = asyncio.create_task(forward(address, reader, writer))
        open_connections.add(task)
        task.add_done_callback(open_connections.discard)

    return accept


def make_bridge(address: str) -> int:
    """Make bridge and TAP in this namespace, if missing; return the TAP's descriptor."""
    if not Path("/proc/self/net/dev").read_text().count(f"{BRIDGE}:"):
        _ip("link", "set", "lo", "up")
        _ip("link", "add", BRIDGE, "type", "bridge")
        _ip("address", "add", address, "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
    descriptor = namespaces.open_tap(TAP)
    _ip("link", "set", TAP, "master", BRIDGE, "up")
    return descriptor


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


async def serve(plan: NetworkPlan) -> None:
    """Bind outside, move inside, switch and forward until the process is ended."""
    listeners = [
        (socket.create_server(("127.0.0.1", port)), address)
        for port, address in plan.forwards.items()
    ]
    ports: dict[str, Port] = {}
    if plan.bridge_address:
        if plan.join:
            namespaces.enter_network_of(plan.join)
        else:
            namespaces.enter_new_network()
        ports[TAP] = TapPort(make_bridge(plan.bridge_address))
    for machine in plan.machines:
        ports[machine] = MachinePort(Path(plan.sockets), machine)
    if plan.bridge_address and plan.inbox:
        address, _, _ = plan.bridge_address.partition("/")
        await inbox.serve_mail(Path(plan.inbox), address, plan.mail)
        inbox.serve_web(Path(plan.inbox), address, plan.web)
    SwitchLoop(asyncio.get_running_loop(), ports)
    open_connections: set[asyncio.Task[None]] = set()
    servers = [
        await asyncio.start_server(forwarder(address, open_connections), sock=listener)
        for listener, address in listeners
    ]
    Path(plan.ready).write_text(f"{os.getpid()}\n")
    await asyncio.gather(*(server.serve_forever() for server in servers), asyncio.Event().wait())


if __name__ == "__main__":
    asyncio.run(serve(NetworkPlan.from_json(sys.argv[1])))
