import json
import tempfile
from types import SimpleNamespace

import pytest

from ringfence.operations import telling
from ringfence.operations.environment import EFFECTS
from ringfence.operations.files import Directory, File, tree_command

NOTHING = {"entries": {}, "members": {}, "leftovers": False}


@pytest.fixture
def said(monkeypatch):
    """What returns all that was told, by operations of a host that a plan asks."""
    plan = SimpleNamespace(
        is_executing=False, op_meta={"1": SimpleNamespace(names=["ssh | SSH-01 sshd"])}
    )
    monkeypatch.setattr(telling, "state", plan)
    monkeypatch.setattr(telling, "host", SimpleNamespace(name="pbx1", current_op_hash="1"))
    with tempfile.TemporaryFile("w+") as kept:
        monkeypatch.setenv(EFFECTS, str(kept.fileno()))

        def read():
            kept.seek(0)
            return [json.loads(line) for line in kept]

        read.plan = plan
        yield read


def test_a_plan_tells_what_would_be_and_an_apply_what_was_done(said):
    telling.would("removal", path="/etc/x")
    telling.did("restart", "never.service")
    said.plan.is_executing = True
    telling.would("removal", path="/etc/never")
    telling.did("restart", "ssh.service")
    assert [(entry["host"], entry["operation"]) for entry in said()] == [
        ("pbx1", "ssh | SSH-01 sshd")
    ] * 2
    assert [entry["kind"] for entry in said()] == ["removal", "did"]
    assert said()[1]["unit"] == "ssh.service"


def test_nothing_is_told_when_nobody_listens(said, monkeypatch):
    monkeypatch.delenv(EFFECTS)
    telling.would("removal", path="/etc/x")
    assert said() == []


@pytest.mark.parametrize(
    ("mode", "directory", "shown", "told"),
    [
        ("0644", "0755", None, "the content"),
        ("0640", "0755", None, None),
        ("0644", "0750", None, None),
        ("0600", "0700", True, "the content"),
        ("0644", "0755", False, None),
    ],
)
def test_the_content_of_a_closed_file_is_not_even_told(said, mode, directory, shown, told):
    tree_command(
        NOTHING,
        [File(path="/etc/x/file", content="the content", mode=mode, shown=shown)],
        [Directory(path="/etc/x", mode=directory)],
        [],
    )
    assert [entry["kind"] for entry in said()] == ["directory", "file"]
    assert said()[1]["content"] == told
