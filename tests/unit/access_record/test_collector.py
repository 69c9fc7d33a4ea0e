"""The archive over ssh: the script is the real one; what stands for ssh runs it here."""

import shutil
from datetime import timedelta

import pytest
import yaml

from ringfence.access_record import Answer, Collector, Question
from ringfence.access_record.collector import collector_of
from ringfence.errors import ToolError, UsageError
from ringfence.site import load_site
from ringfence.site.sampling import SAMPLE

CALL = "/srv/recordings/call.wav"


@pytest.fixture
def connect(tmp_path, archive):
    """Open the archive with a command that takes ssh's arguments."""
    opened = []

    def make(body='exec sh -c "$remote"'):
        path = tmp_path / "ssh"
        path.write_text(f"#!/bin/sh\nfor remote; do :; done\n{body}\n")
        path.chmod(0o755)
        ssh = [str(path), "-l", "deploy", "collector1"]
        opened.append(Collector(ssh, "collector1", False, str(archive.folder)))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def filled(archive, noon, event):
    """Four days, all but the last closed."""
    for days in range(4):
        at = noon + timedelta(days=days)
        for number in range(50):
            archive.write(event(at, days * 50 + number, CALL), at)
        if days < 3:
            archive.close("recordings1", at)
    return archive


def test_the_answer_is_the_one_that_the_folder_gives(connect, filled, noon):
    since = noon + timedelta(days=1)
    question = {"since": since, "until": since + timedelta(days=2)}
    answer = Answer(connect(), Question(**question))
    assert list(answer) == filled.ask(**question)[0]
    assert len(answer.parts[0].files) == 4


def test_what_start_up_files_print_comes_before(connect, filled):
    archive = connect('echo welcome; printf "no end of line"; echo; exec sh -c "$remote"')
    assert len(list(Answer(archive, Question()))) == 200


def test_an_odd_file_beside_the_days_is_left_alone(connect, filled):
    (filled.folder / "recordings1/chain.jsonl").write_text("{}\n")
    (filled.folder / "recordings1/2026-99-99.jsonl").write_text("{}\n")
    (filled.folder / "odd name").mkdir()
    (filled.folder / "odd name/2026-01-01.jsonl").write_text("{}\n")
    assert len(connect().listing()) == 4


def test_who_stops_amid_a_file_can_read_the_next(connect, filled, monkeypatch):
    archive = connect()
    first, second, *_ = archive.listing()
    monkeypatch.setattr("ringfence.access_record.collector.PIECE", 10)
    pieces = archive.pieces(first)
    next(pieces)
    pieces.close()
    content = (filled.folder / second.host / second.name).read_bytes()
    assert b"".join(archive.pieces(second)) == content


def test_a_damaged_file_is_named_and_the_others_are_read(connect, filled, noon, monkeypatch):
    monkeypatch.setattr("ringfence.access_record.collector.PIECE", 10)
    path = filled.folder / f"recordings1/{noon + timedelta(days=1):%Y-%m-%d}.jsonl.zst"
    path.write_bytes(path.read_bytes()[:20] + b"x" * 300_000)
    answer = Answer(connect(), Question())
    assert len(list(answer)) == 150
    assert answer.doubts[0].startswith(f"recordings1/{path.name} is damaged: ")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("echo 'Permission denied (publickey).' >&2; exit 255", "Permission denied"),
        ("exit 1", "no word"),
        ('exec sh -c "$(printf %s "$remote" | sed \'s/cd /cd nowhere/\')"', "nowhere"),
    ],
)
def test_a_collector_that_does_not_answer(connect, body, sentence):
    with pytest.raises(ToolError, match=f"collector1: the archive can't be read: .*{sentence}"):
        connect(body).listing()


def test_a_connection_that_breaks_amid_a_file(connect, filled):
    archive = connect('exec sh -c "$(printf %s "$remote" | sed \'s/head -c/exit; head -c/\')"')
    with pytest.raises(ToolError, match="collector1: the archive can't be read"):
        list(Answer(archive, Question()))


def test_the_collector_is_the_one_host_of_its_group(house_with_collectors):
    assert collector_of(house_with_collectors(1)).name == "collector1"
    for many in (0, 2):
        with pytest.raises(UsageError, match=f"{many or 'no'} hosts? in the group log_collector"):
            collector_of(house_with_collectors(many))


@pytest.fixture
def house_with_collectors(tmp_path):
    """Make a sample site that has so many collectors."""

    def make(many):
        path = tmp_path / f"site{many}"
        shutil.copytree(SAMPLE, path)
        hosts = yaml.safe_load((path / "hosts.yml").read_text())
        model = next(iter(hosts["hosts"].values()))
        hosts["hosts"] = {
            name: host
            for name, host in hosts["hosts"].items()
            if "log_collector" not in host["groups"]
        }
        for number in range(1, many + 1):
            address = f"192.0.2.{number}"
            hosts["hosts"][f"collector{number}"] = model | {
                "address": address, "groups": ["log_collector"], "ssh": {},
            }  # fmt: skip
        (path / "hosts.yml").write_text(yaml.safe_dump(hosts))
        policy = yaml.safe_load((path / "policy.yml").read_text())
        if many == 0:
            policy["flows"], policy["access"] = [], policy["access"][:1]
        (path / "policy.yml").write_text(yaml.safe_dump(policy))
        return load_site(path)

    return make
