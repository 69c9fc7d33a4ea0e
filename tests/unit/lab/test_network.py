import asyncio
import socket

from ringfence.lab.network import (
    MOST_WAITING,
    MachinePort,
    NetworkPlan,
    SwitchLoop,
    forwarder,
)


def test_a_plan_survives_its_way_through_json():
    plan = NetworkPlan("/s", "/s/ready", ["pbx1"], {2201: "10.0.0.1"}, "10.0.0.254/24", join=7)
    assert NetworkPlan.from_json(plan.to_json()) == plan


class FakePort:
    """A port that is busy as long as the test says."""

    def __init__(self) -> None:
        self.busy, self.sent = False, []
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.theirs.setblocking(False)

    def fileno(self) -> int:
        return self.theirs.fileno()

    def receive(self) -> bytes:
        return self.theirs.recv(70000)

    def send(self, frame: bytes) -> None:
        if self.busy:
            raise BlockingIOError
        self.sent.append(frame)


def numbered(number: int) -> bytes:
    return b"\xff" * 6 + b"\x02\x00\x00\x00\x00\x01" + number.to_bytes(4, "big")


def test_a_busy_port_keeps_the_order_and_a_bounded_number_of_frames():
    async def scenario() -> list[bytes]:
        ports = {"a": FakePort(), "b": FakePort()}
        loop = SwitchLoop(asyncio.get_running_loop(), ports)
        ports["b"].busy = True
        for number in range(MOST_WAITING + 50):
            loop.deliver("b", numbered(number))
        assert len(loop.waiting["b"]) == MOST_WAITING
        ports["b"].busy = False
        loop.drain("b")
        loop.deliver("b", numbered(9999))
        return ports["b"].sent

    sent = asyncio.run(scenario())
    assert sent == [*(numbered(n) for n in range(MOST_WAITING)), numbered(9999)]


def test_a_frame_arrives_whole_at_the_other_machine(tmp_path):
    async def scenario() -> bytes:
        ports = {name: MachinePort(tmp_path, name) for name in ("one", "two")}
        SwitchLoop(asyncio.get_running_loop(), ports)
        ends = {}
        for name in ports:
            ends[name] = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            ends[name].bind(str(tmp_path / name))
            ends[name].setblocking(False)
        ends["one"].sendto(numbered(1) + b"x" * 9000, str(tmp_path / "switch-one"))
        return await asyncio.get_running_loop().sock_recv(ends["two"], 70000)

    assert asyncio.run(scenario()) == numbered(1) + b"x" * 9000


def test_a_machine_that_is_off_costs_nothing(tmp_path):
    MachinePort(tmp_path, "one").send(numbered(1))


def test_too_many_connections_are_refused(monkeypatch):
    monkeypatch.setattr("ringfence.lab.network.MOST_CONNECTIONS", 0)

    async def scenario() -> bytes:
        server = await asyncio.start_server(forwarder("127.0.0.1", set()), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        data = await reader.read()
        writer.close()
        server.close()
        return data

    assert asyncio.run(scenario()) == b""


def test_a_connection_to_a_dead_container_is_closed(monkeypatch):
    async def refuse(*_):
        raise ConnectionRefusedError

    async def scenario() -> bytes:
        server = await asyncio.start_server(forwarder("192.0.2.1", set()), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        reader, writer = await real("127.0.0.1", port)
        data = await reader.read()
        writer.close()
        server.close()
        return data

    real = asyncio.open_connection
    monkeypatch.setattr(asyncio, "open_connection", refuse)
    assert asyncio.run(scenario()) == b""


def test_both_ends_of_a_connection_are_piped_until_both_close(monkeypatch):
    async def echo(reader, writer):
        data = await reader.read()
        writer.write(data.upper())
        await writer.drain()
        writer.close()

    async def scenario() -> bytes:
        behind = await asyncio.start_server(echo, "127.0.0.1", 0)
        real = asyncio.open_connection
        port = behind.sockets[0].getsockname()[1]
        monkeypatch.setattr(asyncio, "open_connection", lambda host, _: real(host, port))
        server = await asyncio.start_server(forwarder("127.0.0.1", set()), "127.0.0.1", 0)
        reader, writer = await real(*server.sockets[0].getsockname())
        writer.write(b"hello")
        writer.write_eof()
        data = await reader.read()
        writer.close()
        for one in (server, behind):
            one.close()
        return data

    assert asyncio.run(scenario()) == b"HELLO"
