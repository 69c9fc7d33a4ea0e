"""Plans: who is at rest, what pyinfra is given of the others, and what is remembered."""

import json
from types import SimpleNamespace

import pytest

from ringfence import planning
from ringfence.deployment import Deployment, HostOutcome
from ringfence.unchanged import digest_of
from ringfence.verify.answers import Answer
from ringfence.verify.session import UnreachableError

ROOT, NOBODY = Answer(0, b"root\n", b""), Answer(0, b"nobody\n", b"")


@pytest.fixture
def planned(tmp_path, monkeypatch):
    """Plans for a site whose hosts answer as they are told; pyinfra asks each one question."""
    hosts = [SimpleNamespace(name=name) for name in "ab"]
    site = SimpleNamespace(
        digest="d", path=tmp_path / "site", house=SimpleNamespace(root=tmp_path / "house")
    )
    (tmp_path / "site/runs").mkdir(parents=True)
    play = SimpleNamespace(says={"a": ROOT, "b": ROOT}, given=[], changed=[], runs=0)

    def deploy(_site, hosts, roles, dry, log, say, *, questions, parallel, answers):
        assert dry
        play.given.append({host.name: answers[host.name] for host in hosts})
        lines = []
        for host in hosts:
            if answer := play.says[host.name]:
                digest = digest_of(True, answer.stdout.decode().splitlines())
                entry = {"host": host.name, "command": f"id {roles}", "digest": digest}
                lines.append(json.dumps(entry | {"repeatable": True}) + "\n")
        questions.write_text("".join(lines))
        return Deployment(True, {host.name: outcome(host.name) for host in hosts})

    def outcome(name):
        changed = ["x"] if name in play.changed else []
        return HostOutcome(changed=changed, completed=play.says[name] is not None)

    def go(roles=None, answers=None):
        play.given, play.runs = [], play.runs + 1
        folder = tmp_path / f"site/runs/{play.runs}"
        folder.mkdir()

        def asking(name):
            def ask(*commands):
                if play.says[name] is None:
                    raise UnreachableError("it is off")
                return [play.says[name] for _ in commands]

            return ask

        ask = {name: asking(name) for name in "ab"}
        return planning.plan(
            site, hosts, roles, folder, lambda *_, **__: None, ask, answers=answers
        )

    monkeypatch.setattr(planning, "deploy", deploy)
    play.go = go
    return play


def test_pyinfra_is_given_what_a_host_answered_and_no_host_at_rest(planned):
    planned.go()
    assert planned.given == [{"a": {}, "b": {}}]
    planned.go()
    assert planned.given == []
    planned.says["b"] = NOBODY
    answers = {}
    planned.go(answers=answers)
    assert planned.given == [{"b": {"id None": NOBODY}}]
    assert answers == {"a": {"id None": ROOT}, "b": {"id None": NOBODY}}


def test_a_host_that_needs_something_is_asked_the_same_again_and_is_not_at_rest(planned):
    planned.changed = ["a"]
    planned.go()
    planned.changed = []
    planned.go()
    assert planned.given == [{"a": {"id None": ROOT}}]
    planned.go()
    assert planned.given == []


def test_a_drift_that_goes_leaves_a_host_at_rest(planned):
    planned.go()
    planned.says["a"], planned.changed = NOBODY, ["a"]
    assert planned.go().hosts["a"].changed == ["x"]
    planned.says["a"], planned.changed = ROOT, []
    planned.go()
    assert planned.given == []


def test_a_plan_of_one_role_neither_asks_nor_forgets_what_another_asked(planned):
    planned.go()
    planned.go("ssh")
    assert planned.given == [{"a": {}, "b": {}}]
    planned.go()
    assert planned.given == []
    planned.go("ssh")
    assert planned.given == []


def test_of_a_host_that_does_not_answer_pyinfra_is_given_nothing_and_says_why(planned):
    planned.go()
    planned.says["b"] = None
    found = planned.go()
    assert planned.given == [{"b": {}}]
    assert [host.completed for host in found.hosts.values()] == [True, False]
    planned.says["b"] = ROOT
    planned.go()
    assert planned.given == []
