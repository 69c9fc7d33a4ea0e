import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import paramiko
import pytest

from ringfence.site.transport import CONNECT_FAILED, HostTransport, transport_to


def test_the_transport_does_not_delay() -> None:
    one, other = socket.socketpair()
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    try:
        assert isinstance(transport_to("pbx1")(client), paramiko.Transport)
        assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    finally:
        for each in (one, other, client, listener):
            each.close()


def test_a_hop_is_a_channel_without_such_an_option() -> None:
    transport = transport_to("pbx1")(paramiko.Channel(1))
    assert isinstance(transport, paramiko.Transport)


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., HostTransport]:
    """A transport whose host refuses some sessions before it opens one."""

    def transport(refusals: int, code: int) -> HostTransport:
        left = [paramiko.ChannelException(code, "Connect failed")] * refusals

        def open_session(*_arguments: Any, **_options: Any) -> str:
            if left:
                raise left.pop()
            return "a session"

        monkeypatch.setattr(paramiko.Transport, "open_session", open_session)
        return HostTransport(paramiko.Channel(1))

    return transport


def test_a_session_too_many_is_asked_for_again(refusing: Callable[..., HostTransport]) -> None:
    assert refusing(3, CONNECT_FAILED).open_session() == "a session"


def test_a_session_that_is_never_given_is_an_error(
    refusing: Callable[..., HostTransport],
) -> None:
    transport = refusing(1000, CONNECT_FAILED)
    transport.patience = 0.2
    with pytest.raises(paramiko.ChannelException):
        transport.open_session()
    with pytest.raises(paramiko.ChannelException):
        refusing(1, 1).open_session()  # forbidden, whatever it waits for


def test_a_session_on_a_connection_that_ends_is_an_error_that_pyinfra_expects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def open_session(*_arguments: Any, **_options: Any) -> None:
        raise EOFError

    monkeypatch.setattr(paramiko.Transport, "open_session", open_session)
    with pytest.raises(paramiko.SSHException, match="the connection has ended"):
        HostTransport(paramiko.Channel(1)).open_session()


class Server(paramiko.ServerInterface):
    """Lets everybody in, and is there, or has died: it then answers nothing any more."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.lives = threading.Event()
        self.ends = threading.Event()

    def check_auth_none(self, _username: str) -> int:
        return paramiko.common.AUTH_SUCCESSFUL

    def check_global_request(self, _kind: str, _message: paramiko.Message) -> bool:
        self.asked.release()
        if not self.lives.is_set():
            self.ends.wait(60)
        return False


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.ends.set()


@pytest.fixture
def connection(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[HostTransport]:
    """A connection to it by paramiko's own server, over a pair of sockets."""
    monkeypatch.setattr(HostTransport, "interval", 0.05)
    monkeypatch.setattr(HostTransport, "silence", 2.0)
    here, there = socket.socketpair()
    behind = paramiko.Transport(there)
    behind.add_server_key(paramiko.ECDSAKey.generate())
    behind.start_server(server=server, event=threading.Event())
    transport = HostTransport(here)
    transport.host = "pbx1"
    transport.start_client(timeout=60)
    yield transport
    server.ends.set()
    transport.close()
    behind.close()


def ended(transport: HostTransport) -> bool:
    """Wait until a connection has ended."""
    transport.join(60)
    return not transport.is_active()


def test_a_host_that_answers_is_asked_again_and_again_and_stays(
    server: Server, connection: HostTransport, capsys: pytest.CaptureFixture[str]
) -> None:
    server.lives.set()
    connection.auth_none("deploy")
    for _ in range(3):
        assert server.asked.acquire(timeout=60)
    assert connection.is_active()
    assert capsys.readouterr().err == ""


def test_nothing_is_asked_before_a_login(
    server: Server, connection: HostTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()
    monkeypatch.setattr(connection, "global_request", lambda *_, **__: asked.set())
    assert not asked.wait(1)
    server.lives.set()
    connection.auth_none("deploy")
    assert asked.wait(60)


def test_a_connection_ends_with_a_host_that_says_nothing(
    server: Server, connection: HostTransport, capsys: pytest.CaptureFixture[str]
) -> None:
    connection.auth_none("deploy")
    assert ended(connection)
    said = capsys.readouterr().err
    assert said == (
        "    [pbx1] SSH error: said nothing for 2 seconds, so its connection was ended\n"
    )
    with pytest.raises(paramiko.SSHException):
        connection.open_session()


def test_of_a_connection_that_was_closed_nothing_is_told(
    server: Server, connection: HostTransport, capsys: pytest.CaptureFixture[str]
) -> None:
    connection.auth_none("deploy")
    assert server.asked.acquire(timeout=60)
    connection.close()
    threading.Event().wait(2.5)
    assert capsys.readouterr().err == ""
