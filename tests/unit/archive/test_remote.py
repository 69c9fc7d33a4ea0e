"""The archive over ssh: the script is the real one; what stands for ssh runs it here."""

from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from ringfence.archive import remote
from ringfence.archive.remote import Collector, UnansweredError, ask
from ringfence.archive.sources import Folder

from .conftest import day

FILES = [f"{day(number)}.jsonl.zst" for number in (0, 1, 3)]


@pytest.fixture
def connect(tmp_path, archive, monkeypatch):
    """Open the archive by a command that takes ssh's arguments."""
    opened = []
    place = SimpleNamespace(name="collector1", ssh=SimpleNamespace(user="root"))

    def make(body='exec sh -c "$remote"', opening=Collector):
        path = tmp_path / "ssh"
        path.write_text(f"#!/bin/sh\nfor remote; do :; done\n{body}\n")
        path.chmod(0o755)
        words = [str(path), "-l", "deploy", "collector1"]
        monkeypatch.setattr(remote, "ssh_command", lambda _site, _host: words)
        opened.append(opening(None, place, str(archive.root)))
        return opened[-1]

    yield make
    for one in opened:
        if isinstance(one, Collector):
            one.close()


def content(source, host, names):
    return {name: read_in_pieces(stream) for name, stream in source.read(host, names)}


def read_in_pieces(stream):
    return b"".join(iter(lambda: stream.read(100), b""))


def test_it_is_the_folder_that_lies_there(connect, archive):
    (archive.root / "pbx1/away").symlink_to("/etc/passwd")
    (archive.root / "pbx1/odd\nname").write_bytes(b"x")
    (archive.root / "lost+found").mkdir()
    folder, source = Folder(archive.root), connect()
    assert source.hosts() == folder.hosts() == ["agent1", "pbx1"]
    for host in source.hosts():
        assert source.files(host) == folder.files(host)
        assert source.chain(host) == folder.chain(host)
        assert content(source, host, FILES) == content(folder, host, FILES)
    assert source.files("pbx1")["away"] is None


def test_a_host_without_a_chain(connect, archive):
    (archive.root / "pbx1/chain.jsonl").unlink()
    assert connect().chain("pbx1") is None


def test_what_start_up_files_print_comes_before(connect):
    noise = 'echo welcome; printf "no end of line"; exec sh -c "$remote"'
    assert connect(noise).hosts() == ["agent1", "pbx1"]
    site_host = connect(noise, opening=lambda *words: words)
    assert ask(*site_host[:2], "echo said") == b"said\n"


def test_what_vanished_meanwhile_is_left_out(connect, archive):
    source = connect()
    (archive.root / "pbx1" / FILES[1]).unlink()
    assert list(content(source, "pbx1", FILES)) == [FILES[0], FILES[2]]


def test_a_file_is_as_long_as_it_is_when_it_is_asked_for(connect, archive):
    path = archive.root / "pbx1" / f"{day(4)}.jsonl"
    source = connect()
    with path.open("ab") as file:
        file.write(archive.record("pbx1", day(4)))
    assert content(source, "pbx1", [path.name])[path.name] == path.read_bytes()


def test_who_stops_amid_a_file_can_read_the_next(connect, archive):
    source = connect()
    for _, stream in source.read("pbx1", FILES):
        stream.read(10)
        break
    found = content(source, "pbx1", FILES[1:])
    assert found[FILES[1]] == (archive.root / "pbx1" / FILES[1]).read_bytes()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("echo 'Permission denied (publickey).' >&2; exit 255", "Permission denied"),
        ("exit 1", "without a word"),
        ('exec sh -c "$(printf %s "$remote" | sed \'s/cd /cd nowhere/\')"', "nowhere"),
        ("echo 'ringfence: the archive'; printf '\\0\\n'", "holds no host's folder yet"),
    ],
)
def test_a_collector_that_does_not_answer(connect, body, sentence):
    with pytest.raises(UnansweredError, match=f"collector1: .*{sentence}") as caught:
        connect(body)
    assert caught.value.exit_code == 1


@pytest.mark.parametrize(
    "change", ["s/^while/exit; while/", "s/} | head -c .*/} | head -c 10; exit/"]
)
def test_a_connection_that_breaks_before_or_amid_a_file(connect, change):
    source = connect(f'exec sh -c "$(printf %s "$remote" | sed \'{change}\')"')
    with pytest.raises(UnansweredError, match="collector1: "):
        content(source, "pbx1", FILES)


def test_it_is_closed_though_the_collector_waits(connect):
    with closing(connect()) as source:
        process = source._process
    assert process.returncode is not None
    assert not Path(f"/proc/{process.pid}").exists()
