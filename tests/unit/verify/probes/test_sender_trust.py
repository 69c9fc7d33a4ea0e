import os
import subprocess
from types import SimpleNamespace

import pytest

from ringfence.verify.probes.sender_trust import shown_to


def answering(stdout, asked=None):
    def run(_command, script):
        if asked is not None:
            asked.append(script)
        return SimpleNamespace(stdout=stdout)

    return SimpleNamespace(run=run)


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_what_the_sender_is_asked_is_shell(address):
    asked = []
    host = answering("a stranger: refused\nthis host: sent\n", asked)
    found = shown_to(host, address, 2514, "log1")
    assert found == {"a stranger": "refused", "this host": "sent"}
    subprocess.run(["sh", "-n", "-c", asked[0]], check=True)
    inner = asked[0].split("unshare --net --mount sh -euc '")[1].split("' 2>trouble")[0]
    subprocess.run(["sh", "-n", "-c", inner], check=True)
    for word in ("ADDRESS", "END", "LISTENS", "NAME", "PKI"):
        assert word not in asked[0]
    assert "/CN=log1 " in asked[0]
    assert "/etc/ringfence/pki/host.key" in inner


@pytest.mark.parametrize(
    ("stdout", "why"),
    [
        ("rsyslog takes what comes to /dev/log\n", "comes to /dev/log"),
        ("a stranger: refused\nmount: no\n", "mount: no"),
        ("", "no answer"),
    ],
)
def test_what_was_not_asked_is_no_answer(stdout, why):
    with pytest.raises(ValueError, match=f"the sender of logs could not be asked: [^$]*{why}"):
        shown_to(answering(stdout), "192.0.2.1", 2514, "log1")


@pytest.mark.parametrize(
    ("pid", "what"),
    [("0", "rsyslog does not run"), ("7", "rsyslog takes nothing that could be sent")],
)
def test_a_host_that_sends_nothing_is_no_fault_of_the_question(tmp_path, pid, what):
    for name, prints in (("systemctl", pid), ("ss", "")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{prints}'\n")
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"

    def run(_command, script):
        words = ["sh", "-c", script]
        return subprocess.run(
            words, env={"PATH": path}, capture_output=True, text=True, check=False
        )

    found = shown_to(SimpleNamespace(run=run), "192.0.2.1", 2514, "log1")
    assert found == {"a stranger": what, "this host": what}
