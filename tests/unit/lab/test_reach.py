import socket
import subprocess
import threading

import pytest

from ringfence.errors import ToolError
from ringfence.lab import reach
from ringfence.lab.paths import LabPaths


@pytest.fixture
def paths(tmp_path):
    return LabPaths(tmp_path)


@pytest.fixture
def answers(monkeypatch):
    """Replace ssh: each call takes the next (return code, stdout, stderr)."""
    asked: list[str] = []

    def use(*results):
        left = list(results)

        def run(_paths, _host, command, **_options):
            asked.append(command)
            code, out, err = left.pop(0)
            return subprocess.CompletedProcess([], code, out, err)

        monkeypatch.setattr(reach, "run", run)
        monkeypatch.setattr(reach, "greets", lambda *_: True)
        return asked

    return use


def wait(paths, alive=True, timeout=60.0, cancelled=None, **options):
    cancelled = cancelled or threading.Event()
    return reach.wait_until_ready(paths, "pbx1", 1, lambda: alive, cancelled, timeout, **options)


def test_a_host_that_runs_is_ready(paths, answers):
    answers((0, "running\n", ""))
    assert wait(paths) == "running"


def test_failed_units_are_named(paths, answers):
    answers((0, "degraded\nssh.service loaded failed failed sshd\nx.timer loaded failed\n", ""))
    assert wait(paths) == "degraded: ssh.service, x.timer"


def test_a_host_that_still_turns_people_away_is_asked_again(paths, answers, monkeypatch):
    asked = answers(
        (255, "", "System is booting up. Unprivileged users are not permitted to log in yet."),
        (255, "", "kex_exchange_identification: Connection closed by remote host"),
        (0, "running\n", ""),
    )
    monkeypatch.setattr(threading.Event, "wait", lambda *_: False)
    assert wait(paths) == "running"
    assert len(asked) == 3


def test_a_resumed_host_gets_its_clock_set(paths, answers):
    asked = answers((0, "running\n", ""))
    wait(paths, resumed=True)
    assert asked[0].startswith("sudo -n date -u -s @")


def test_a_refused_key_is_told_with_the_reason_and_the_log(paths, answers):
    answers((255, "", "warning\ndeploy@127.0.0.1: Permission denied (publickey).\n"))
    with pytest.raises(ToolError, match=r"Permission denied \(publickey\).*pbx1\.console"):
        wait(paths)


@pytest.fixture
def silent(monkeypatch):
    monkeypatch.setattr(reach, "greets", lambda *_: False)


def test_a_host_that_died_is_told(paths, silent):
    with pytest.raises(ToolError, match="ended while it started; the log is"):
        wait(paths, alive=False)


def test_a_host_that_never_answers_is_told(paths, silent):
    with pytest.raises(ToolError, match=r"did not answer in -?0 seconds"):
        wait(paths, timeout=-0.001)


def test_an_interrupt_ends_the_waiting(paths, silent):
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(reach.CancelledError):
        wait(paths, cancelled=cancelled)


@pytest.mark.parametrize(("greeting", "expected"), [(b"SSH-2.0-x\r\n", True), (b"HTTP", False)])
def test_only_the_greeting_of_an_sshd_counts(greeting, expected):
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: server.accept()[0].sendall(greeting))
        thread.start()
        assert reach.greets(server.getsockname()[1]) is expected
        thread.join()


def test_nobody_behind_the_port_is_no_greeting():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert not reach.greets(port, 0.2)


def test_the_boot_id_is_none_while_nobody_answers(paths, answers):
    answers((255, "", "refused"), (0, "abc\n", ""))
    assert reach.boot_id(paths, "pbx1") is None
    assert reach.boot_id(paths, "pbx1") == "abc"


def test_ssh_is_called_with_the_lab_configuration_and_asks_nothing(paths):
    call = reach.ssh_command(paths, "pbx1", "true")
    assert call[:3] == ["ssh", "-F", str(paths.ssh_config)]
    assert "BatchMode=yes" in call
