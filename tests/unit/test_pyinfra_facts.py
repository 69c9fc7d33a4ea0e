"""Facts ask over one channel: the real runner, behind a stand-in for paramiko that has no sshd."""

import shlex
import socket
import subprocess
from types import SimpleNamespace

import pytest
from paramiko import SSHException
from pyinfra.api.command import StringCommand
from pyinfra.connectors.util import CommandOutput, OutputLine

from ringfence.fact_channel import FactChannel
from ringfence.pyinfra_process import ask_over_one_channel


class Channel:
    """What paramiko's Channel is to its user; the command runs here, without sudo."""

    def __init__(self, noise=""):
        self.noise = noise
        self.near, self.far = socket.socketpair()
        self.settimeout, self.recv, self.sendall = (
            getattr(self.near, name) for name in ("settimeout", "recv", "sendall")
        )

    def exec_command(self, command):
        words = shlex.split(command)
        assert words[:3] == ["exec", "sudo", "-n"]
        script = f"printf %s {shlex.quote(self.noise)}; exec {shlex.join(words[3:])}"
        self.process = subprocess.Popen(["sh", "-c", script], stdin=self.far, stdout=self.far)
        self.far.close()

    def close(self):
        self.near.close()
        self.process.wait(10)


class Client:
    """Its SSHClient: opens so many channels at a time."""

    def __init__(self, most=10, noise=""):
        self.most, self.noise, self.opened = most, noise, []

    def get_transport(self):
        return self

    def open_session(self):
        if sum(channel.near.fileno() >= 0 for channel in self.opened) >= self.most:
            raise SSHException("open failed")
        self.opened.append(Channel(self.noise))
        return self.opened[-1]


@pytest.fixture
def client():
    made = Client()
    yield made
    for channel in made.opened:
        channel.close()


def test_any_number_of_questions_take_one_channel(client):
    channel = FactChannel(client)
    assert channel.ask("echo a; echo b >&2").stdout == b"a\n"
    assert channel.ask("exit 3").status == 3
    assert channel.ask("head -c 300000 /dev/zero | tr '\\0' x").stdout == b"x" * 300_000
    assert len(client.opened) == 1


def test_what_start_up_files_print_is_no_answer(client):
    client.noise = "Welcome!\n\n"
    assert FactChannel(client).ask("echo a").stdout == b"a\n"


@pytest.fixture
def of_pyinfra(monkeypatch, client):
    """Makes hosts of pyinfra's, which note what is run the usual way."""

    class Host:
        def __init__(self, name, connector):
            self.name, self.connector, self.ran = name, connector, []
            self.state = SimpleNamespace(is_executing=False)

        def run_shell_command(self, command, *_arguments, **_options):
            if client.most == 1 and any(one.near.fileno() >= 0 for one in client.opened):
                raise SSHException("open failed")
            self.ran.append(str(command))
            return True, CommandOutput([OutputLine("stdout", "the usual way")])

    monkeypatch.setattr("pyinfra.api.host.Host", Host)
    ask_over_one_channel()
    return Host


def lines(answered):
    return answered[1].stdout_lines


def test_facts_go_over_it_and_what_operations_do_does_not(of_pyinfra, client):
    host = of_pyinfra("pbx1", SimpleNamespace(client=client))
    assert lines(host.run_shell_command("echo a", _sudo=True)) == ["a"]
    succeeded, output = host.run_shell_command("echo b; echo c >&2; false", _sudo=True)
    assert (succeeded, output.stdout_lines, output.stderr_lines) == (False, ["b"], ["c"])
    assert host.ran == []
    assert lines(host.run_shell_command(StringCommand("echo a"), _sudo=True)) == ["the usual way"]
    assert len(client.opened) == 1


@pytest.mark.parametrize("options", [{}, {"_sudo": True, "_sudo_user": "ana"}])
def test_what_is_not_asked_as_root_goes_the_usual_way(of_pyinfra, client, options):
    host = of_pyinfra("pbx1", SimpleNamespace(client=client))
    assert lines(host.run_shell_command("echo a", **options)) == ["the usual way"]
    assert client.opened == []


def test_a_host_without_an_ssh_connection_is_asked_the_usual_way(of_pyinfra):
    host = of_pyinfra("here", SimpleNamespace())
    assert lines(host.run_shell_command("echo a", _sudo=True)) == ["the usual way"]


def test_a_host_that_opens_no_further_channel_is_asked_the_usual_way(of_pyinfra, client):
    client.most = 0
    host = of_pyinfra("pbx1", SimpleNamespace(client=client))
    for _ in range(2):
        assert lines(host.run_shell_command("echo a", _sudo=True)) == ["the usual way"]


def test_where_one_channel_is_all_that_a_host_takes_it_is_left_to_operations(of_pyinfra, client):
    client.most = 1
    host = of_pyinfra("pbx1", SimpleNamespace(client=client))
    assert lines(host.run_shell_command("echo a", _sudo=True)) == ["a"]
    assert lines(host.run_shell_command(StringCommand("true"), _sudo=True)) == ["the usual way"]
    assert lines(host.run_shell_command("echo a", _sudo=True)) == ["the usual way"]


def test_a_runner_that_dies_is_missed_by_nobody(of_pyinfra, client):
    host = of_pyinfra("pbx1", SimpleNamespace(client=client))
    host.run_shell_command("echo a", _sudo=True)
    client.opened[0].process.kill()
    client.opened[0].process.wait()
    for _ in range(2):
        assert lines(host.run_shell_command("echo a", _sudo=True)) == ["the usual way"]
