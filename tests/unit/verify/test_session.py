"""The runner is the real one; what stands for ssh runs it on this machine."""

import time

import pytest

from ringfence.verify.session import Session, UnreachableError


@pytest.fixture
def ssh(tmp_path):
    """Make a command that takes ssh's arguments and does ``body`` with the remote command."""

    def make(body='exec sh -c "$remote"'):
        path = tmp_path / "ssh"
        path.write_text(f"#!/bin/sh\nfor remote; do :; done\n{body}\n")
        path.chmod(0o755)
        return [str(path), "host"]

    return make


@pytest.fixture
def opened():
    sessions = []

    def open_session(command):
        sessions.append(Session(command, become_root=False))
        return sessions[-1]

    yield open_session
    for session in sessions:
        session.close()


def test_answers_carry_status_and_both_outputs(ssh, opened):
    ((command, answer),) = opened(ssh()).ask(["printf out; printf err >&2; exit 3"])
    assert command == "printf out; printf err >&2; exit 3"
    assert (answer.status, answer.stdout, answer.stderr) == (3, b"out", b"err")


def test_answers_come_in_the_order_of_the_questions(ssh, opened):
    commands = [f"echo {number}" for number in range(50)]
    answers = [answer.stdout for _, answer in opened(ssh()).ask(commands)]
    assert answers == [f"{number}\n".encode() for number in range(50)]


def test_a_command_cannot_swallow_those_behind_it(ssh, opened):
    first, second = opened(ssh()).ask(["cat", "echo still here"])
    assert (first[1].stdout, second[1].stdout) == (b"", b"still here\n")


def test_large_answers_and_questions_do_not_block_one_another(ssh, opened):
    commands = [f": {'x' * 60_000}; head -c 3000000 /dev/zero" for _ in range(5)]
    assert [len(a.stdout) for _, a in opened(ssh()).ask(commands)] == [3_000_000] * 5


def test_a_signal_is_reported_as_the_shell_does(ssh, opened):
    ((_, answer),) = opened(ssh()).ask(["kill -9 $$"])
    assert answer.status == 137


@pytest.mark.parametrize(
    "command",
    [
        "stat -c %a /etc/passwd",
        "ls --color=never /proc/self/fd",
        "cat /no/such/file",
        "command -v sh",
        "exit 7",
        "no-such-program --option",
        "name=value env",
        "/etc/passwd twice",
        "test -e /etc/passwd",
        "echo -e word",
    ],
)
def test_what_needs_no_shell_answers_as_if_it_had_one(ssh, opened, command):
    """Programs are started without a shell between; what is none is the shell's own word."""
    in_a_shell = f"/bin/sh -c '{command}'"
    (_, direct), (_, asked) = opened(ssh()).ask([command, in_a_shell])
    assert (direct.status, direct.stdout) == (asked.status, asked.stdout)
    assert direct.stderr == asked.stderr


def test_bytes_that_are_not_utf_8_arrive_as_they_are(ssh, opened):
    ((_, answer),) = opened(ssh()).ask([r"printf 'caf\351'"])
    assert answer.stdout == b"caf\xe9"


def test_programs_of_the_system_are_found_whatever_path_sudo_leaves(ssh, opened, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    ((_, answer),) = opened(ssh()).ask(["command -v useradd"])
    assert answer.stdout == b"/usr/sbin/useradd\n"


def test_a_session_answers_again(ssh, opened):
    session = opened(ssh())
    assert [a.stdout for _, a in session.ask(["echo 1"])] == [b"1\n"]
    assert [a.stdout for _, a in session.ask(["echo 2"])] == [b"2\n"]


def test_noise_of_start_up_files_is_passed_over(ssh, opened):
    noisy = ssh('echo Welcome; printf "no newline"; echo warning >&2; exec sh -c "$remote"')
    assert [a.stdout for _, a in opened(noisy).ask(["echo 1"])] == [b"1\n"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("echo 'ssh: connect to host x port 22: Connection refused' >&2; exit 255", "refused"),
        ("exit 255", "ssh gave no reason"),
        ("echo 'sudo: a password is required' >&2; exit 1", "cannot become root: sudo"),
        ("echo 'no such program' >&2; exit 127", "ended before every answer .no such program"),
    ],
)
def test_a_host_that_does_not_answer_says_why(ssh, opened, body, reason):
    with pytest.raises(UnreachableError, match=reason):
        list(opened(ssh(body)).ask(["true"]))


def test_a_channel_is_closed_after_all_that_is_being_sent(ssh, opened, monkeypatch):
    """Or it would be written into the file that is opened next, which may be another channel."""
    session, closed_before = opened(ssh("exit 255")), []

    def send_late(_data):
        time.sleep(0.3)
        closed_before.append(session._process.stdin.closed)

    monkeypatch.setattr(session, "_send", send_late)
    with pytest.raises(UnreachableError):
        list(session.ask(["true"]))
    session.close()
    assert closed_before == [False]


def test_answers_to_quick_commands_come_together(ssh, opened, tmp_path):
    count = f"""perl -e 'while (sysread STDIN, $data, 65536) {{ $count++; syswrite STDOUT, $data }}
        open $file, ">", "{tmp_path}/parts"; print $file $count'"""
    session = opened(ssh(f'sh -c "$remote" | {count}'))
    assert len(list(session.ask([":"] * 300))) == 300
    session.close()
    assert int((tmp_path / "parts").read_text()) < 30


def test_a_slow_command_holds_no_answer_back(ssh, opened, tmp_path):
    seen = tmp_path / "seen"
    waits = f"while [ ! -e {seen} ]; do sleep 0.01; done; echo 2"
    answers = opened(ssh()).ask(["echo 1", waits])
    assert next(answers)[1].stdout == b"1\n"
    seen.touch()
    assert next(answers)[1].stdout == b"2\n"


def test_a_host_that_dies_keeps_what_it_answered_before(ssh, opened):
    answers = opened(ssh()).ask(["echo 1", "sleep 1", "kill -9 $PPID", "echo 4"])
    assert next(answers)[0] == "echo 1"
    with pytest.raises(UnreachableError):
        list(answers)
