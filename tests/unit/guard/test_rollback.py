"""The order of a guarded rollback, with hosts played."""

from types import SimpleNamespace

import pytest

from ringfence.errors import UsageError
from ringfence.guard import guarded, preflight, rollback, states
from ringfence.guard.channel import RefusedError
from ringfence.guard.preflight import Findings
from ringfence.guard.rollback import kept_states, roll_back
from ringfence.guard.states import Kept, Step, Target
from ringfence.steps import nobody
from ringfence.verify.session import UnreachableError

R1, R2, R3 = (f"2026112{day}T000000Z-00000{day}" for day in (1, 2, 3))
STEPS = [Step("file", "put back", "/etc/issue.net"), Step("unit", "reloaded", "ssh.service")]
WORDS = ["/etc/issue.net (put back)", "ssh.service (reloaded)"]


@pytest.fixture
def played(monkeypatch, tmp_path):
    """Play two hosts; tests change what they answer."""
    done = []
    play = SimpleNamespace(
        done=done,
        history={name: [Kept(run, "T", 1, "ana") for run in (R1, R2, R3)] for name in "ab"},
        steps={"a": STEPS, "b": []},
        refusals=[],
        fault=None,
        confirmed="",
    )
    hosts = [SimpleNamespace(name=name, ssh=SimpleNamespace(user="deploy")) for name in "ab"]

    class Channel:
        def __init__(self, _site, host, patience=90.0):
            self.host, self.patience = host, patience

        def ask(self, *commands):
            play.covered = commands[0].partition("END_OF_COVERAGE'\n")[2]
            done.append(f"arm {self.host.name}")
            return [SimpleNamespace(status=0, stdout=b"", stderr=b"")]

        def close(self):
            pass

    class Pulse:
        heard = 0.0

        def __init__(self, *_):
            pass

        start = stop = lambda _self: None

    def demand(channel, *words):
        done.append(f"{words[0]} {channel.host.name}")
        return ""

    def history(channel):
        if isinstance(play.history[channel.host.name], Exception):
            raise play.history[channel.host.name]
        return play.history[channel.host.name]

    def planned(channel, runs):
        done.append(f"plan {channel.host.name} {len(runs)}")
        return play.steps[channel.host.name]

    def restore(channel, _by, _runs):
        done.append(f"restore {channel.host.name}")
        if play.fault:
            raise play.fault
        return play.steps[channel.host.name]

    def confirm(_site, host, _run):
        done.append(f"new login {host.name}")
        return play.confirmed

    monkeypatch.setattr(rollback, "Channel", Channel)
    monkeypatch.setattr(rollback, "demand", demand)
    monkeypatch.setattr(guarded, "demand", demand)
    monkeypatch.setattr(guarded, "Pulse", Pulse)
    monkeypatch.setattr(guarded, "confirm", confirm)
    monkeypatch.setattr(guarded, "revert_now", lambda c, *_: done.append(f"revert {c.host.name}"))
    monkeypatch.setattr(guarded, "await_return", lambda *_: "asked, T")
    monkeypatch.setattr(guarded, "open_state", lambda *_: None)
    monkeypatch.setattr(guarded, "close_state", lambda c, _r: done.append(f"keep {c.host.name}"))
    monkeypatch.setattr(preflight, "ask", lambda _c: Findings("debian 12", 0.0, "", "", "", {}))
    monkeypatch.setattr(preflight, "reasons", lambda _s, host, *_: play.refusals)
    monkeypatch.setattr(states, "history", history)
    monkeypatch.setattr(states, "planned", planned)
    monkeypatch.setattr(states, "restore", restore)
    play.hosts = hosts
    play.go = lambda run=R2, before=False, known=False, dry=False: roll_back(
        None, hosts, Target(run, before), known, tmp_path, nobody, dry
    )
    return play


def test_what_comes_back_is_armed_restored_confirmed_and_kept(played):
    outcome = played.go()
    mine = [step for step in played.done if step.endswith(("a", "a 1"))]
    assert mine == [
        *("lock a", "plan a 1", "lock a", "arm a", "restore a", "new login a", "keep a")
    ]
    assert played.covered.startswith("path /etc/issue.net\nservice ssh.service\nEND")
    assert outcome.hosts["a"].changed == WORDS
    assert outcome.hosts["a"].guard == [
        *(f"as it was at the end of run {R2}: undoes {R3}", "armed, new login, disarmed")
    ]
    assert not outcome.failed


def test_a_host_with_nothing_to_put_back_is_left_alone(played):
    outcome = played.go()
    assert [step for step in played.done if step.split()[1] == "b"] == [
        *("lock b", "plan b 1", "unlock b")
    ]
    assert "nothing to put back" in outcome.hosts["b"].guard[0]


def test_before_a_run_undoes_it_too(played):
    played.go(before=True)
    assert "plan a 2" in played.done


def test_a_dry_run_changes_and_locks_nothing(played):
    outcome = played.go(dry=True)
    assert sorted(played.done) == ["plan a 1", "plan b 1"]
    assert (outcome.dry, outcome.changes) == (True, 2)


def test_an_unknown_run_is_told_with_those_that_are_known(played):
    with pytest.raises(UsageError, match=f"did you mean '{R3}'.*{R1}, {R2}, {R3}"):
        played.go(run=R3[:-1] + "4")
    assert [step.split()[0] for step in played.done] == ["lock"] * 2 + ["unlock"] * 2
    assert not played.go(run=R3[:-1] + "4", known=True).failed


def test_a_gap_refuses_one_host_and_the_others_go_on(played):
    played.history["b"] = [Kept(R2, "T", None, "ana"), Kept(R3, "T", None, "ana")]
    outcome = played.go(run=R1)
    assert outcome.hosts["b"].trouble[0].startswith(f"refused: it no longer keeps what run {R3}")
    assert outcome.hosts["a"].changed == WORDS
    assert outcome.failed


def test_a_host_that_does_not_answer_is_an_outcome(played):
    played.history["b"] = UnreachableError("timed out")
    outcome = played.go()
    assert outcome.hosts["b"].trouble == ["unreachable: timed out"]
    assert outcome.hosts["a"].changed == WORDS


def test_a_full_disk_refuses_before_anything_changes(played):
    played.refusals = ["its disk is full"]
    outcome = played.go()
    assert outcome.hosts["a"].trouble == ["refused: its disk is full"]
    assert not {step.split()[0] for step in played.done} & {"arm", "restore"}


@pytest.mark.parametrize("fault", [UnreachableError("cut"), RefusedError("cannot put back /x")])
def test_a_way_back_that_fails_is_undone_by_the_guard(played, fault):
    played.fault = fault
    outcome = played.go()
    assert outcome.hosts["a"].reverted == f"the way back: {fault} failed (asked, T)"
    assert "new login a" not in played.done
    assert outcome.failed


def test_a_former_state_that_lets_nobody_in_is_undone_by_the_guard(played):
    played.confirmed = "the new login failed: Permission denied"
    outcome = played.go()
    assert played.done[-2:] != ["keep a"]
    assert "revert a" in played.done
    assert outcome.hosts["a"].reverted.startswith("the new login failed")
    assert outcome.failed


def test_states_are_listed_by_host(played):
    played.history["b"] = UnreachableError("timed out")
    found = kept_states(None, played.hosts)
    assert [kept.run for kept in found["a"]] == [R1, R2, R3]
    assert found["b"] == "unreachable: timed out"
