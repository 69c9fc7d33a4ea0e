"""The lab's servers of mail and HTTP, on a loopback port of their own."""

import asyncio
import http.client
import json
import smtplib
from email.message import EmailMessage

import pytest

from ringfence.lab import inbox
from ringfence.lab.lab import free_port

HERE = "127.0.0.1"


def letter(subject, text):
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "a@lab.example", "b@lab.example"
    message.set_content(text)
    return message


def test_a_mail_becomes_a_message(tmp_path):
    port = free_port()

    async def scenario():
        await inbox.serve_mail(tmp_path, HERE, port)
        await asyncio.to_thread(send)

    def send():
        with smtplib.SMTP(HERE, port, local_hostname="pbx1", timeout=10) as server:
            server.send_message(
                letter("[Ringfence] pbx1: test", "Host pbx1\n.\nnothing is wrong\n")
            )
            server.send_message(letter("second", "é\n"))

    asyncio.run(scenario())
    first, second = inbox.messages(tmp_path)
    assert (first.by, first.text) == (
        "mail",
        "[Ringfence] pbx1: test\nHost pbx1\n.\nnothing is wrong",
    )
    assert second.text == "second\né"
    assert first.received.endswith("Z")


@pytest.fixture
def post(tmp_path):
    port = free_port()
    inbox.serve_web(tmp_path, HERE, port)

    def send(content, headers=None):
        connection = http.client.HTTPConnection(HERE, port, timeout=10)
        connection.request("POST", "/alerts", content, headers or {})
        status = connection.getresponse().status
        connection.close()
        return status

    return send


def test_what_is_posted_becomes_a_message(post, tmp_path):
    assert post(json.dumps({"text": "pbx1: chrony.service failed\n", "host": "pbx1"})) == 204
    (message,) = inbox.messages(tmp_path)
    assert (message.by, message.text) == ("web", "pbx1: chrony.service failed")


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        ("{", None, 400),
        ("[]", None, 400),
        ("{}", {"Content-Length": "9000000"}, 413),
        ("", {"Content-Length": "many"}, 411),
    ],
)
def test_what_is_no_alert_is_refused(post, tmp_path, content, headers, status):
    assert post(content, headers) == status
    assert list(inbox.messages(tmp_path)) == []


@pytest.mark.parametrize("name", [".20261128T000000.000000Z-1.json", "1.json", "20261128.eml"])
def test_a_file_that_is_half_written_or_somebody_elses_is_no_message(tmp_path, name):
    (tmp_path / name).write_text("{")
    assert list(inbox.messages(tmp_path)) == []
