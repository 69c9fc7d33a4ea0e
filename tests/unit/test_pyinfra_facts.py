"""What hosts have answered, and one channel for the rest.

The runner is the real one, behind a stand-in for paramiko that has no sshd.
"""

import shlex
import socket
import subprocess
from types import SimpleNamespace

import pytest
from paramiko import ChannelException, SSHException
from pyinfra.api.command import StringCommand
from pyinfra.connectors.util import CommandOutput, OutputLine

from ringfence.pyinfra_facts import FactChannel, answer_beforehand, ask_over_one_channel


class Asked:
    """A host of pyinfra's that counts what is run on it."""

    def __init__(self, name):
        self.name = name
        self.state = SimpleNamespace(is_executing=False)
        self.ran = []

    def run_shell_command(self, command, *_arguments, **_options):
        self.ran.append(command)
        return True, CommandOutput([OutputLine("stdout", "asked")])


@pytest.fixture
def answered(monkeypatch):
    """Makes hosts of which pbx1 has answered two commands already."""
    kind = type("Host", (Asked,), {})
    monkeypatch.setattr("pyinfra.api.host.Host", kind)
    given = {"id": (0, ["root"], []), "ls": (2, [], ["no such file"]), "slow": (124, [], [])}
    answer_beforehand({"pbx1": given})
    return kind


@pytest.fixture
def host(answered):
    return answered("pbx1")


def test_what_a_host_has_answered_is_not_asked_again_until_something_is_done_to_it(host):
    succeeded, output = host.run_shell_command("id", _sudo=True, print_output=False)
    assert (succeeded, output.stdout_lines) == (True, ["root"])
    succeeded, output = host.run_shell_command("ls")
    assert (succeeded, output.stdout_lines, output.stderr_lines) == (False, [], ["no such file"])
    host.run_shell_command("date")  # while operations are prepared, it changes nothing
    host.state.is_executing = True
    host.run_shell_command("id")
    assert host.ran == ["date"]
    host.run_shell_command("date")  # nor does what a fact asks later
    host.run_shell_command("id")
    assert host.ran == ["date", "date"]
    host.run_shell_command(StringCommand("rm -rf /"))
    assert host.run_shell_command("id")[1].stdout_lines == ["asked"]
    assert [str(command) for command in host.ran] == ["date", "date", "rm -rf /", "id"]


@pytest.mark.parametrize(
    "options", [{"_su_user": "ana"}, {"_env": {"A": "b"}}, {"_success_exit_codes": [0, 2]}]
)
def test_a_command_that_is_run_otherwise_is_run(host, options):
    assert host.run_shell_command("ls", **options)[0]
    assert host.ran == ["ls"]


def test_a_question_that_the_host_had_no_time_for_is_asked_again(host):
    assert host.run_shell_command("slow")[0]
    assert host.ran == ["slow"]


def test_another_hosts_answers_are_not_this_ones(answered):
    other = answered("pbx2")
    other.run_shell_command("id")
    assert other.ran == ["id"]


class Channel:
    """What paramiko's Channel is to its user; the command runs here, without sudo."""

    def __init__(self, noise="", cut=False):
        self.noise, self.cut = noise, cut
        self.near, self.far = socket.socketpair()
        self.settimeout, self.recv, self.sendall = (
            getattr(self.near, name) for name in ("settimeout", "recv", "sendall")
        )

    def exec_command(self, command):
        words = shlex.split(command)
        assert words[:3] == ["exec", "sudo", "-n"]
        runs = "exit 1" if self.cut else f"exec {shlex.join(words[3:])}"
        script = f"printf %s {shlex.quote(self.noise)}; {runs}"
        self.process = subprocess.Popen(["sh", "-c", script], stdin=self.far, stdout=self.far)
        self.far.close()

    def close(self):
        self.near.close()
        self.process.wait(10)


class Client:
    """Its SSHClient: opens so many channels at a time."""

    def __init__(self, most=10, noise=""):
        self.most, self.noise, self.cut, self.opened = most, noise, False, []

    def get_transport(self):
        return self

    def open_session(self):
        if sum(channel.near.fileno() >= 0 for channel in self.opened) >= self.most:
            raise ChannelException(2, "Connect failed")
        self.opened.append(Channel(self.noise, self.cut))
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
                raise ChannelException(2, "Connect failed")
            self.ran.append(str(command))
            if "breaks" in str(command):
                raise SSHException("the connection ended")
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


def test_what_may_have_been_run_is_not_run_again(of_pyinfra, client):
    host = of_pyinfra("pbx1", SimpleNamespace(client=client))
    host.run_shell_command("echo a", _sudo=True)
    with pytest.raises(SSHException):
        host.run_shell_command(StringCommand("breaks"), _sudo=True)
    assert host.ran == ["breaks"]


def test_a_runner_that_does_not_start_leaves_no_channel(of_pyinfra, client):
    client.noise = "x"
    client.cut = True
    host = of_pyinfra("pbx1", SimpleNamespace(client=client))
    assert lines(host.run_shell_command("echo a", _sudo=True)) == ["the usual way"]
    assert [channel.near.fileno() for channel in client.opened] == [-1]


def test_a_runner_that_dies_is_missed_by_nobody(of_pyinfra, client):
    host = of_pyinfra("pbx1", SimpleNamespace(client=client))
    host.run_shell_command("echo a", _sudo=True)
    client.opened[0].process.kill()
    client.opened[0].process.wait()
    for _ in range(2):
        assert lines(host.run_shell_command("echo a", _sudo=True)) == ["the usual way"]
