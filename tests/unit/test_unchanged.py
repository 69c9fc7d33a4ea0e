import json
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from ringfence import unchanged
from ringfence.unchanged import (
    Comparison,
    Question,
    basis,
    compare,
    digest_of,
    recorded,
    remember,
)
from ringfence.verify.answers import Answer

QUESTIONS = [Question("id", digest_of(True, ["root"])), Question("ls", digest_of(False, []))]
AT_REST = {"id": Answer(0, b"root\n", b""), "ls": Answer(2, b"", b"no such file")}


def asking(answers):
    return lambda *commands: [answers[command] for command in commands]


@pytest.fixture
def memory(tmp_path):
    remember(tmp_path / "memory", "pbx1", "basis", QUESTIONS)
    return tmp_path / "memory"


def test_a_host_that_answers_as_before_needs_nothing(memory):
    assert compare(memory, "pbx1", "basis", asking(AT_REST)) == Comparison(True, AT_REST)


@pytest.mark.parametrize(
    "answer", [Answer(0, b"root\nextra\n", b""), Answer(1, b"root\n", b""), Answer(0, b"", b"")]
)
def test_any_other_answer_is_a_difference(memory, answer):
    answers = AT_REST | {"id": answer}
    assert compare(memory, "pbx1", "basis", asking(answers)) == Comparison(False, answers)


def test_with_another_site_or_other_code_the_answers_count_and_not_that_they_are_the_same(memory):
    assert compare(memory, "pbx1", "another", asking(AT_REST)) == Comparison(False, AT_REST)


def test_what_a_host_was_asked_that_needed_something_is_asked_again_and_it_is_never_at_rest(memory):
    remember(memory, "pbx1", "", QUESTIONS)
    assert compare(memory, "pbx1", "basis", asking(AT_REST)) == Comparison(False, AT_REST)


def test_a_host_that_no_plan_knows_differs(memory):
    assert compare(memory, "pbx2", "basis", asking({})) == Comparison(False, {})


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"basis": "basis", "questions": []}'])
def test_a_damaged_memory_is_none(memory, text):
    (memory / "pbx1.json").write_text(text)
    assert compare(memory, "pbx1", "basis", asking(AT_REST)) == Comparison(False, {})


def test_what_is_remembered_is_the_owners_alone(memory):
    assert (memory / "pbx1.json").stat().st_mode & 0o077 == 0
    assert memory.stat().st_mode & 0o077 == 0


def entry(host="pbx1", command="id", digest="d", repeatable=True):
    return json.dumps(
        {"host": host, "command": command, "digest": digest, "repeatable": repeatable}
    )


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ([entry(), entry(), entry(command="ls")], ["id", "ls"]),
        ([entry(), entry(digest="other")], None),
        ([entry(), entry(command="ls", repeatable=False)], None),
    ],
)
def test_only_what_can_be_asked_again_is_kept(tmp_path, lines, found):
    (tmp_path / "q").write_text("\n".join([entry("pbx2"), *lines]))
    asked = recorded(tmp_path / "q")
    assert [question.command for question in asked["pbx2"]] == ["id"]
    assert [q.command for q in asked["pbx1"]] == found if found else "pbx1" not in asked


def test_nothing_recorded_is_nothing(tmp_path):
    assert recorded(tmp_path / "none") == {}


def test_the_basis_is_the_site_the_code_and_the_roles(tmp_path):
    site = SimpleNamespace(
        digest="d", path=tmp_path / "site", house=SimpleNamespace(root=tmp_path / "house")
    )
    for name in ("site/runs", "house/roles/ssh", "house/templates"):
        (tmp_path / name).mkdir(parents=True)
    seen = [basis(site, None)]

    def differs():
        seen.append(basis(site, None))
        return seen[-1] != seen[-2]

    assert seen[0] != basis(site, "ssh")
    assert not differs()
    (tmp_path / "site/runs/log").write_text("x")
    (tmp_path / "site/.lab").mkdir()
    assert not differs()
    (tmp_path / "site/pki").mkdir()  # what the site's authority has signed
    for name in (
        "site/pki/register.json",
        "site/policy.yml",
        "house/roles/ssh/deploy.py",
        "house/templates/a.j2",
    ):
        (tmp_path / name).write_text("x")
        assert differs()


def test_another_day_is_another_basis(tmp_path, monkeypatch):
    """Keys expire and certificates become due by the day, in UTC."""
    site = SimpleNamespace(digest="d", path=tmp_path, house=SimpleNamespace(root=tmp_path))
    before = basis(site, None)

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(days=1)

    monkeypatch.setattr(unchanged, "datetime", Tomorrow)
    assert basis(site, None) != before
