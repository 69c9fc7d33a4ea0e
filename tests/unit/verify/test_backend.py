import pytest

from ringfence.verify.answers import Answer, Snapshot
from ringfence.verify.backend import NotInSnapshotError, SnapshotBackend, Source
from ringfence.verify.session import UnreachableError


@pytest.fixture
def ssh(tmp_path):
    """A stand-in for ssh that runs the runner here and counts its starts."""
    path = tmp_path / "ssh"
    path.write_text(
        f'#!/bin/sh\necho x >> {tmp_path}/starts\nfor remote; do :; done\nexec sh -c "$remote"\n'
    )
    path.chmod(0o755)
    return [str(path), "host"]


@pytest.fixture
def starts(tmp_path):
    return lambda: len((tmp_path / "starts").read_text().split())


@pytest.fixture
def source(ssh):
    source = Source(Snapshot.begin("pbx1"), ssh, become_root=False)
    yield source
    source.close()


def test_what_the_snapshot_knows_is_not_asked():
    snapshot = Snapshot.begin("pbx1")
    snapshot.answers["x"] = Answer(7, b"", b"")
    assert Source(snapshot, ["/does/not/exist"], become_root=False).answer("x").status == 7


def test_what_it_does_not_know_is_asked_once_over_one_channel(source, starts):
    assert source.answer("echo 1").stdout == b"1\n"
    assert source.answer("echo 2").stdout == b"2\n"
    assert source.answer("echo 1").stdout == b"1\n"
    assert (source.live_commands, starts()) == (2, 1)


def test_what_one_host_is_asked_others_answer_meanwhile(source, ssh, starts):
    other = Source(Snapshot.begin("pbx2"), ssh, become_root=False)
    source.tell_others = other.ask_ahead
    asked = [source.answer(f"echo {n}").stdout for n in (1, 2, 3)]
    assert (
        asked == [other.answer(f"echo {n}").stdout for n in (1, 2, 3)] == [b"1\n", b"2\n", b"3\n"]
    )
    other.close()
    assert (source.live_commands, other.live_commands, starts()) == (3, 0, 2)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (f"true -- {' '.join(f'of-pbx1-{n}.service' for n in range(17))}", False),
        (f"true -- {' '.join(f'/etc/{n}' for n in range(16))}", True),
        (f"true {' '.join(str(n) for n in range(40))}", True),
        ("for each in a b c d e f g h i j k l m n o p q r s; do\ntrue -- $each\ndone", True),
        ("true -- $1\n" + "true\n" * 40, True),
    ],
)
def test_no_other_host_is_asked_about_a_long_list_of_one_host_s_names(source, command, told):
    others = []
    source.tell_others = others.append
    source.answer(command)
    assert others == [command] * told


def test_a_host_that_is_lost_while_it_is_asked_ahead_is_unreachable():
    source = Source(Snapshot.begin("pbx1"), ["false"], become_root=False)
    source.ask_ahead("echo 1")
    source.ask_ahead("echo 2")
    with pytest.raises(UnreachableError):
        source.answer("echo 2")
    with pytest.raises(UnreachableError):
        source.answer("echo 3")
    source.close()


@pytest.fixture
def busy(tmp_path):
    """A stand-in for ssh that says ``words`` and gives up, unless it is called with patience."""

    def make(words):
        path = tmp_path / "busy"
        path.write_text(
            f"#!/bin/sh\necho x >> {tmp_path}/starts\nfor remote; do :; done\n"
            f'[ "$2 $3" = "-o ConnectTimeout=30" ] && exec sh -c "$remote"\n'
            f"echo '{words}' >&2; exit 255\n"
        )
        path.chmod(0o755)
        return Source(Snapshot.begin("pbx1"), [str(path), "host"], become_root=False)

    return make


@pytest.mark.parametrize(
    "words",
    [
        "Connection timed out during banner exchange",
        "Connection to 192.0.2.1 port 22 timed out",
        "kex_exchange_identification: Connection closed by remote host",
        "Connection closed by 192.0.2.1 port 22",
        "Connection reset by 192.0.2.1 port 22",
    ],
)
def test_a_login_that_was_cut_short_is_tried_once_more_with_patience(busy, starts, words):
    source = busy(words)
    assert source.answer("echo 1").stdout == b"1\n"
    source.close()
    assert starts() == 2


@pytest.mark.parametrize(
    "words",
    [
        "ssh: connect to host pbx1 port 22: Connection timed out",
        "ssh: connect to host pbx1 port 22: Connection refused",
        "Host key verification failed.",
        "deploy@192.0.2.1: Permission denied (publickey).",
    ],
)
def test_a_host_that_is_gone_or_refuses_is_not_tried_again(busy, starts, words):
    source = busy(words)
    with pytest.raises(UnreachableError):
        source.answer("echo 1")
    source.close()
    assert starts() == 1


def test_only_what_tests_asked_is_learned(source):
    source.ask_ahead("echo 2")
    source.answer("echo 1")
    assert list(source.asked) == ["echo 1"]


def test_what_a_test_wants_goes_before_what_others_were_asked(source):
    commands = [f"echo {n}" for n in range(20)]
    source.ask_ahead("sleep 0.5")
    for command in commands:
        source.ask_ahead(command)
    assert source.answer("echo 19").stdout == b"19\n"
    assert list(source.snapshot.answers)[:2] == ["sleep 0.5", "echo 19"]
    assert [source.answer(command).stdout for command in commands[:3]] == [b"0\n", b"1\n", b"2\n"]


def test_each_test_is_told_its_own_commands(source):
    source.answer("true")
    assert source.take_asked() == ["true"]
    source.answer("true")
    source.answer("false")
    assert source.take_asked() == ["true", "false"]


def test_a_kept_snapshot_alone_asks_nobody():
    source = Source(Snapshot.begin("pbx1"), None, become_root=False)
    with pytest.raises(NotInSnapshotError, match="no answer to: uname"):
        source.answer("uname")


def test_a_host_that_did_not_answer_is_not_asked_again():
    source = Source(Snapshot.begin("pbx1"), ["false"], become_root=False)
    source.collect(["true"])
    assert source.never_answered
    with pytest.raises(UnreachableError):
        source.answer("true")


def test_a_name_that_is_not_utf_8_stays_visible(source):
    SnapshotBackend.sources = {"pbx1": source}
    backend = SnapshotBackend("pbx1")
    assert backend.run("printf '%s'", "x").stdout == "x"
    assert backend.run(r"printf 'caf\351'").stdout == r"caf\xe9"
