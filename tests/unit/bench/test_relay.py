import socket
import socketserver
import threading
import time

import pytest
from bench.relay import Relay

TURNS = 5


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(1 << 16):
            self.request.sendall(data)


@pytest.fixture
def echo():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address
        server.shutdown()


def received(connection, size):
    data = b""
    while len(data) < size:
        data += connection.recv(1 << 16)
    return data


def turns(relay):
    """Return the seconds that some questions took, each sent when the last was answered."""
    with socket.create_connection(("127.0.0.1", relay.port)) as connection:
        began = time.monotonic()
        for number in range(TURNS):
            connection.sendall(b"%d" % number)
            assert received(connection, 1) == b"%d" % number
        return time.monotonic() - began


def test_every_turn_takes_the_round_trip_time_at_least(echo):
    with Relay(echo, round_trip=0.05) as relay:
        assert turns(relay) >= TURNS * 0.05


def test_what_is_sent_at_once_is_late_once(echo):
    data = bytes(range(256)) * 4096
    with Relay(echo, round_trip=0.2) as far:
        one_by_one = turns(far)
        with socket.create_connection(("127.0.0.1", far.port)) as connection:
            began = time.monotonic()
            threading.Thread(target=connection.sendall, args=(data,)).start()
            assert received(connection, len(data)) == data
            assert time.monotonic() - began < one_by_one


def test_connections_are_counted_and_their_end_is_passed_on(echo):
    with Relay(echo) as relay:
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", relay.port)) as connection:
                connection.sendall(b"x")
                connection.shutdown(socket.SHUT_WR)
                assert received(connection, 1) == b"x"
                assert connection.recv(1) == b""
        assert relay.connections == 3
