"""The script that reads the journal, between a journal that is written here and a socket."""

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

JOURNALCTL = """\
#!/bin/sh
# Prints the entries of the journal from the cursor on, and goes on, as `journalctl --follow` does:
# those of the current boot alone, unless it is to merge.
merge=
for word; do
    case $word in
        --merge) merge=yes ;;
        --cursor=*) cursor=${word#--cursor=} ;;
        --lines=1) exec cat "@journal@.newest" 2>/dev/null ;;
    esac
done
exec python3 - "$cursor" "$merge" <<'EOF'
import sys, time
entries = open("@journal@", "rb").read().split(b"\\n--\\n")[:-1]
if not sys.argv[2]:
    boot = entries[-1].split(b";b=")[1].split(b";")[0]
    entries = [e for e in entries if b";b=" + boot + b";" in e]
cursor = sys.argv[1].encode()
at = next((i for i, e in enumerate(entries) if cursor and b"__CURSOR=" + cursor in e), 0)
for entry in entries[at:]:
    sys.stdout.buffer.write(entry + b"\\n\\n")
sys.stdout.flush()
time.sleep(60)
EOF
"""


def entry(place, journal="a", boot="1", **fields):
    values = {
        "__CURSOR": f"s={journal};i={place:x};b={boot};m=2;t=3;x=4",
        "__REALTIME_TIMESTAMP": "1795773600000001",
        "PRIORITY": "3",
        "SYSLOG_FACILITY": "10",
        "SYSLOG_IDENTIFIER": "sshd",
        "_PID": "42",
        "_UID": "0",
        "MESSAGE": f"message {place}",
        **fields,
    }
    lines = []
    for key, value in values.items():
        value = value if isinstance(value, bytes) else value.encode()
        if b"\n" in value or key == "MESSAGE_AS_BYTES":
            lines.append(key.encode() + b"\n" + len(value).to_bytes(8, "little") + value)
        else:
            lines.append(key.encode() + b"=" + value)
    return b"\n".join(lines) + b"\n--\n"


class Place:
    """A journal, the socket of an rsyslog, and senders between them."""

    def __init__(self, folder, script):
        self.folder, self.script = folder, script
        self.position = folder / "position"
        (folder / "bin").mkdir()
        program = folder / "bin" / "journalctl"
        program.write_text(JOURNALCTL.replace("@journal@", str(folder / "journal")))
        program.chmod(0o755)
        logger = folder / "bin" / "logger"
        logger.write_text(f'#!/bin/sh\necho "$*" >>{folder}/told\n')
        logger.chmod(0o755)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(folder / "socket"))
        self.listener.listen()
        self.listener.settimeout(20)
        self.running = []

    def journal(self, *entries):
        (self.folder / "journal").write_bytes(b"".join(entries))

    def start(self):
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        words = ["perl", str(self.script), str(self.folder / "socket"), str(self.position)]
        process = subprocess.Popen(words, env={**os.environ, "PATH": path})
        connection, _ = self.listener.accept()
        connection.settimeout(20)
        self.running.append((process, connection))
        return connection.makefile("rb")

    def end(self, number):
        process, _ = self.running[-1]
        process.send_signal(number)
        process.wait(timeout=10)

    @property
    def known(self):
        lines = [line.split(" ", 1) for line in self.position.read_text().splitlines()]
        return dict(lines)


@pytest.fixture
def place(tmp_path, script):
    made = Place(tmp_path, script("sender"))
    yield made
    for process, connection in made.running:
        process.kill()
        process.wait()
        connection.close()
    made.listener.close()


def received(stream, count):
    found = []
    while len(found) < count:
        length = b""
        while not (byte := stream.read(1)).isspace():
            length += byte
        found += json.loads(stream.read(int(length)))
    return found


def test_entries_are_sent_with_their_numbers(place):
    place.journal(*(entry(n) for n in (7, 8, 9)))
    first, *_, last = received(place.start(), 3)
    assert first == {
        "sent": "2026-11-27T10:00:00.000001Z",
        "sequence": 1,
        "facility": "authpriv",
        "severity": "err",
        "program": "sshd",
        "pid": "42",
        "message": "message 7",
    }
    assert last["sequence"] == 3


def test_what_was_there_before_the_first_start_is_not_sent(place):
    entries = [entry(n) for n in (7, 8, 9)]
    place.journal(*entries)
    (place.folder / "journal.newest").write_bytes(entries[1].replace(b"--\n", b"\n"))
    (only,) = received(place.start(), 1)
    assert (only["sequence"], only["message"]) == (1, "message 9")


def test_what_comes_after_the_first_start_is_sent_though_it_ended_before_anything_came(place):
    entries = [entry(n) for n in (7, 8, 9)]
    newest = place.folder / "journal.newest"
    place.journal(*entries[:1])
    newest.write_bytes(entries[0].replace(b"--\n", b"\n"))
    place.start()
    until = time.monotonic() + 20
    while not place.position.exists() and time.monotonic() < until:
        time.sleep(0.05)
    place.end(signal.SIGKILL)
    place.journal(*entries)
    newest.write_bytes(entries[2].replace(b"--\n", b"\n"))
    assert [record["message"] for record in received(place.start(), 2)] == [
        "message 8",
        "message 9",
    ]


def test_what_a_boot_before_could_not_send_is_sent(place):
    place.journal(entry(7, boot="1"), entry(8, boot="1"), entry(9, boot="2"))
    sent = received(place.start(), 3)
    assert [record["message"] for record in sent] == ["message 7", "message 8", "message 9"]


def test_a_message_of_any_bytes_is_json(place):
    texts = [b'two\nlines "quoted" \\ \xc3\xa9\x01', b"bad \xff\xc3", b"", b"x" * 70_000]
    place.journal(*(entry(n, MESSAGE=text) for n, text in enumerate(texts, 1)))
    found = [one["message"] for one in received(place.start(), 4)]
    assert found[0] == 'two\nlines "quoted" \\ é\x01'
    assert found[1] == "bad \\x{ff}\\x{c3}"
    assert found[2] == ""
    assert found[3] == "x" * 60_000 + "… (10000 bytes more)"


@pytest.mark.parametrize(
    ("name", "account", "told"),
    [
        ("audisp-syslog", "0", "audisp-syslog"),
        ("audisp-syslog", "1000", "audisp-syslog of account 1000"),
        ("audispd", "1000", "audispd of account 1000"),
        ("audisp-x\n", "1000", "audisp-x\n of account 1000"),
        ("audisp-syslog", None, "audisp-syslog of account unknown"),
        ("ringfence-logging", "33", "ringfence-logging of account 33"),
        ("ringfence-heartbeat", "0", "ringfence-heartbeat"),
        ("sshd", "1000", "sshd"),
        ("my-audispd", "1000", "my-audispd"),
    ],
)
def test_only_root_speaks_for_the_audit_and_for_ringfence(name, account, told, place):
    """`logger -t audisp-syslog` of anybody would otherwise be a record of an access."""
    sent = entry(1, SYSLOG_IDENTIFIER=name, _UID=account or "")
    place.journal(sent if account else sent.replace(b"_UID=\n", b""))
    (found,) = received(place.start(), 1)
    assert found["program"] == told


def test_what_is_missing_in_the_journal_is_missing_in_the_numbers(place):
    place.journal(entry(7), entry(8), entry(11))
    assert [one["sequence"] for one in received(place.start(), 3)] == [1, 2, 5]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_after_its_end_the_same_entries_have_the_same_numbers(place, how):
    place.journal(*(entry(n) for n in range(1, 4)))
    before = received(place.start(), 3)
    place.end(how)
    place.journal(*(entry(n) for n in range(1, 7)))
    after = received(place.start(), 6)
    assert after[:3] == before
    assert [one["sequence"] for one in after] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    "after",
    [[entry(1, "b"), entry(2, "b")], [entry(4, "a", "2"), entry(5, "a", "2")]],
    ids=["journal", "boot"],
)
def test_a_new_journal_and_a_new_boot_go_on_after_the_last_number(after, place):
    place.journal(*(entry(n) for n in range(1, 4)))
    received(place.start(), 3)
    time.sleep(2.5)
    place.end(signal.SIGTERM)
    place.journal(*(entry(n) for n in range(1, 4)), *after)
    found = received(place.start(), 5)
    assert [one["sequence"] for one in found] == [1, 2, 3, 4, 5]
    assert not (place.folder / "told").exists()


@pytest.mark.parametrize("first", [entry(1, "b", "2"), entry(4, "a", "2", MESSAGE="another")])
def test_after_a_sudden_stop_no_number_is_used_that_may_have_been_sent(first, place):
    place.journal(*(entry(n) for n in range(1, 6)))
    received(place.start(), 5)
    place.end(signal.SIGKILL)
    # The host was reset: of the journal its last two entries are gone, though they were sent.
    text = place.position.read_text()
    place.position.write_text(text.replace(f"boot {place.known['boot']}", "boot another"))
    place.journal(*(entry(n) for n in range(1, 4)), first)
    found = [one["sequence"] for one in received(place.start(), 4)]
    assert found[:3] == [1, 2, 3]
    assert found[3] > 5
    told = (place.folder / "told").read_text()
    assert f"numbers 4 to {found[3] - 1} that are missing were never used" in told


def test_what_surely_arrived_is_not_sent_again(place):
    place.journal(*(entry(n, MESSAGE="x" * 3000) for n in range(1, 2001)))
    received(place.start(), 2000)
    time.sleep(6)
    place.end(signal.SIGTERM)
    assert 0 < int(place.known["number"]) < 2000
    (again, *_) = received(place.start(), 10)
    assert again["sequence"] == int(place.known["number"]) + 1


def test_a_host_without_rsyslog_is_told_of(tmp_path, script):
    words = ["perl", str(script("sender")), str(tmp_path / "none"), str(tmp_path / "position")]
    outcome = subprocess.run(words, capture_output=True, text=True, check=False)
    assert outcome.returncode != 0
    assert outcome.stderr.startswith(f"rsyslog doesn't listen at {Path(tmp_path) / 'none'}: ")
