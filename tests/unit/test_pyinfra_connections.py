import threading
import time
from types import SimpleNamespace

import pytest
from paramiko import SSHException

from ringfence.pyinfra_connections import KEEPALIVE, end_with_silent_hosts, watch


class Transport:
    """A connection whose host answers so many questions."""

    def __init__(self, answers=0, refuses=False):
        self.answers, self.refuses = answers, refuses
        self.asked, self.closed = [], threading.Event()

    def is_active(self):
        return not self.closed.is_set()

    def close(self):
        self.closed.set()

    def global_request(self, kind, wait):
        self.asked.append((kind, wait))
        if self.refuses:
            self.close()
            raise SSHException("the connection ended")
        if len(self.asked) > self.answers:
            self.closed.wait(60)


def test_a_connection_ends_with_a_host_that_says_nothing(capsys):
    transport = Transport(answers=3)
    watch(transport, "pbx1", interval=0, limit=1.0)
    assert transport.closed.is_set()
    assert transport.asked == [(KEEPALIVE, True)] * 4
    said = capsys.readouterr().err
    assert said == (
        "    [pbx1] SSH error: said nothing for 1 seconds, so its connection was ended\n"
    )


def test_a_connection_that_has_ended_is_nothing_to_tell(capsys):
    watch(Transport(refuses=True), "pbx1", interval=0, limit=60)
    assert capsys.readouterr().err == ""


def test_each_connection_of_pyinfra_is_watched(monkeypatch):
    from pyinfra.connectors.ssh import SSHConnector

    transport = Transport(refuses=True)

    class Connector:
        host = SimpleNamespace(name="pbx1")
        client = None

    def connect(connector):
        connector.client = SimpleNamespace(get_transport=lambda: transport)

    monkeypatch.setattr(SSHConnector, "connect", connect)
    monkeypatch.setattr("ringfence.pyinfra_connections.INTERVAL", 0.0)
    end_with_silent_hosts()
    SSHConnector.connect(Connector())
    until = time.monotonic() + 60
    while not transport.closed.is_set():
        assert time.monotonic() < until
        time.sleep(0.01)
    assert transport.asked == [(KEEPALIVE, True)]


def test_a_host_that_was_not_reached_is_not_watched(monkeypatch):
    from pyinfra.connectors.ssh import SSHConnector

    def connect(_connector):
        raise OSError("no route")

    monkeypatch.setattr(SSHConnector, "connect", connect)
    end_with_silent_hosts()
    with pytest.raises(OSError, match="no route"):
        SSHConnector.connect(object())
