import json
import socket
import threading

import pytest

from ringfence.errors import ToolError
from ringfence.lab import qmp


@pytest.fixture
def qemu(tmp_path):
    """A QEMU that answers each command with the given messages."""

    def serve(*answers: list[dict]):
        path = tmp_path / "qmp"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()

        def talk():
            connection, _ = listener.accept()
            stream = connection.makefile("rw")
            stream.write(json.dumps({"QMP": {}}) + "\n")
            stream.flush()
            for messages in ([{"return": {}}], *answers):
                stream.readline()
                stream.write("".join(json.dumps(message) + "\n" for message in messages))
                stream.flush()
            stream.close()
            connection.close()

        threading.Thread(target=talk, daemon=True).start()
        return path

    return serve


def test_the_printed_text_is_returned_and_events_are_skipped(qemu):
    path = qemu([{"event": "STOP"}, {"return": "VM status: running\r\n"}])
    assert qmp.monitor(path, "info status") == "VM status: running"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([{"return": "Error: no such snapshot"}], "no such snapshot"),
        ([{"error": {"desc": "bad"}}], "refused human-monitor-command: bad"),
        ([], "ended while it was asked"),
    ],
)
def test_what_goes_wrong_is_one_sentence(qemu, answer, expected):
    with pytest.raises(ToolError, match=expected):
        qmp.monitor(qemu(answer), "loadvm clean")


def test_a_missing_socket_is_one_sentence(tmp_path):
    with pytest.raises(ToolError, match="can't be reached"):
        qmp.monitor(tmp_path / "none", "info status")
