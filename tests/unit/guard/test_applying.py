"""The order of a guarded apply, with hosts and pyinfra played."""

from types import SimpleNamespace

import pytest

from ringfence.deployment import Deployment, HostOutcome
from ringfence.errors import ToolError
from ringfence.guard import applying, guarded, preflight
from ringfence.guard.applying import apply_guarded
from ringfence.guard.channel import RefusedError
from ringfence.guard.coverage import Coverage
from ringfence.guard.guarded import role_of
from ringfence.guard.preflight import Findings
from ringfence.verify.answers import Answer
from ringfence.verify.session import UnreachableError

SAFE, RISKY = "identity | CLS-01 who it is", "ssh | SSH-01 sshd"

ROOT = Answer(0, b"root\n", b"")


@pytest.fixture
def played(monkeypatch, tmp_path):
    """Play two hosts; tests change what they answer and what pyinfra reports."""
    done = []
    play = SimpleNamespace(
        done=done,
        refusals=[],
        planned={"a": HostOutcome(changed=[RISKY]), "b": HostOutcome()},
        applied={"a": HostOutcome(changed=[RISKY]), "b": HostOutcome()},
        dies=False,
        confirmed="",
        returns="asked, T",
        no_state="",
        known=True,
        guard={},
        followers=[],
        site=tmp_path,
    )
    hosts = [SimpleNamespace(name=name, ssh=SimpleNamespace(user="deploy")) for name in "ab"]

    class Channel:
        def __init__(self, _site, host, patience=90.0):
            self.host, self.patience = host, patience

        def ask(self, *_commands):
            done.append(f"arm {self.host.name}")
            return [SimpleNamespace(status=0, stdout=b"", stderr=b"")]

        def close(self):
            done.append(f"close {self.host.name}")

    class Pulse:
        def __init__(self, channel, _run, armed):
            self.channel, self.armed, self.heard, self.gave_up = channel, armed, 0.0, False

        def start(self):
            done.append(f"beat {self.channel.host.name}")

        def stop(self):
            pass

    def deploy(_site, hosts, _roles, dry, _log, _say, *_watch, parallel, answers):
        names = [host.name for host in hosts]
        play.given[dry] = answers
        done.append(f"{'plan' if dry else 'pyinfra'} {' '.join(names)}")
        if play.dies and not dry:
            raise ToolError("pyinfra ended with 1")
        found = play.planned if dry else play.applied
        for name in () if dry else names:
            getattr(found[name], "wrote", lambda: None)()
        return Deployment(dry, {name: found[name] for name in names})

    def plan(site, hosts, roles, folder, say, ask, parallel, answers):
        assert set(ask) == {host.name for host in hosts}
        answers.update({host.name: {"id": ROOT} for host in hosts})
        return deploy(site, hosts, roles, True, folder, say, parallel=parallel, answers={})

    def demand(channel, *words):
        done.append(f"{words[0]} {channel.host.name}")
        return ""

    def open_state(channel, _run, coverage):
        done.append(f"state {channel.host.name}")
        play.covered = coverage
        if play.no_state:
            raise RefusedError(play.no_state)

    def confirm(_site, host, _run):
        done.append(f"new login {host.name}")
        return play.confirmed

    monkeypatch.setattr(applying, "Channel", Channel)
    monkeypatch.setattr(guarded, "Pulse", Pulse)
    monkeypatch.setattr(applying, "deploy", deploy)
    monkeypatch.setattr(applying, "plan", plan)
    monkeypatch.setattr(guarded, "demand", demand)
    monkeypatch.setattr(guarded, "confirm", confirm)
    monkeypatch.setattr(guarded, "open_state", open_state)
    monkeypatch.setattr(guarded, "close_state", lambda c, _r: done.append(f"keep {c.host.name}"))
    monkeypatch.setattr(
        guarded, "revert_now", lambda c, _r, _w: done.append(f"revert {c.host.name}")
    )
    monkeypatch.setattr(guarded, "await_return", lambda *_: play.returns)
    monkeypatch.setattr(
        applying, "chosen_dangers", lambda *_: {"ssh": Coverage(paths=["/etc/ssh"])}
    )
    monkeypatch.setattr(applying, "followers", lambda *_: play.followers)
    monkeypatch.setattr(
        preflight,
        "ask",
        lambda _c: Findings("debian 12", 0.0, "", "", "", play.guard, known=play.known),
    )
    monkeypatch.setattr(
        preflight,
        "reasons",
        lambda _site, host, *_: play.refusals if host.name == "a" else [],
    )
    play.told, play.given = {}, {}
    play.say = lambda host, step, share=None, failed=False: play.told.update({host: (step, share)})
    site = SimpleNamespace(house=None, path=play.site)
    folder = tmp_path / "runs/R2"
    play.go = lambda: apply_guarded(site, hosts, None, folder, play.say)
    return play


def steps(played):
    return [step for step in played.done if not step.startswith("close")]


def test_a_change_is_armed_made_confirmed_and_kept(played):
    outcome = played.go()
    assert steps(played) == [
        *("plan a b", "lock a", "state a", "arm a", "beat a", "pyinfra a", "new login a", "keep a")
    ]
    assert played.covered == "path /etc/ssh\n"
    assert outcome.hosts["a"].guard == ["armed, new login, disarmed"]
    assert not outcome.failed


def test_pyinfra_is_given_what_hosts_told_the_plan(played):
    played.go()
    assert played.given == {True: {}, False: {"a": {"id": ROOT}, "b": {"id": ROOT}}}


def test_a_host_with_nothing_to_change_is_left_alone(played):
    played.planned["a"] = HostOutcome()
    outcome = played.go()
    assert steps(played) == ["plan a b"]
    assert outcome.changes == 0
    assert not outcome.failed


def test_a_harmless_change_takes_a_lock_alone(played):
    played.planned["a"] = played.applied["a"] = HostOutcome(changed=[SAFE])
    assert not played.go().failed
    assert steps(played) == [
        *("plan a b", "lock a", "state a", "beat a", "pyinfra a", "keep a", "unlock a")
    ]
    assert played.covered == ""


def test_a_plan_that_failed_is_taken_for_a_dangerous_one(played):
    played.planned["a"] = HostOutcome(completed=False)
    played.go()
    assert "arm a" in played.done


def test_an_operation_of_no_known_role_is_taken_for_a_dangerous_one(played):
    played.planned["a"] = HostOutcome(changed=["something"])
    played.go()
    assert "arm a" in played.done


def test_a_refused_host_is_not_touched_and_the_others_go_on(played):
    played.refusals = ["its disk is full"]
    outcome = played.go()
    assert steps(played) == ["plan b"]
    assert outcome.hosts["a"].trouble == ["refused: its disk is full"]
    assert outcome.failed


def test_a_login_that_fails_reverts_and_says_why(played):
    played.confirmed = "the new login failed: Connection refused"
    outcome = played.go()
    assert steps(played)[-3:] == ["new login a", "revert a", "keep a"]
    assert outcome.hosts["a"].reverted == f"{played.confirmed} (asked, T)"
    assert outcome.failed


def test_a_host_that_does_not_come_back_is_called_locked_out(played):
    played.confirmed, played.returns = "the new login failed: x", ""
    outcome = played.go()
    assert outcome.hosts["a"].guard[0].startswith("LOCKED OUT: the new login failed")
    assert outcome.failed


@pytest.mark.parametrize("failed", [RISKY, "something"])
def test_a_dangerous_role_that_fails_half_way_is_put_back_without_asking(played, failed):
    played.applied["a"] = HostOutcome(failed=[failed], completed=False)
    assert played.go().hosts["a"].reverted.startswith(f"{failed} failed")
    assert "new login a" not in played.done


def test_a_harmless_role_that_fails_after_a_dangerous_one_keeps_its_change(played):
    played.applied["a"] = HostOutcome(changed=[RISKY], failed=[SAFE], completed=False)
    outcome = played.go()
    assert steps(played)[-2:] == ["new login a", "keep a"]
    assert outcome.hosts["a"].reverted == ""
    assert outcome.failed


def test_a_run_whose_pyinfra_died_is_put_back(played):
    played.dies = True
    assert played.go().hosts["a"].reverted == "pyinfra ended with 1 (asked, T)"


def test_a_host_that_dies_while_it_is_armed_is_not_touched(played, monkeypatch):
    def unreachable(*_arguments):
        raise UnreachableError("timed out")

    monkeypatch.setattr(guarded, "told", unreachable)
    outcome = played.go()
    assert outcome.hosts["a"].trouble == ["unreachable: timed out"]
    assert "pyinfra a" not in played.done


def test_hosts_on_which_no_run_ever_ended_are_armed_without_a_plan(played):
    played.known = False
    played.go()
    assert not [step for step in played.done if step.startswith("plan")]
    assert {"arm a", "arm b", "pyinfra a b"} <= set(played.done)


def test_a_host_that_refuses_to_be_armed_is_not_touched(played, monkeypatch):
    def refuse(*_arguments):
        raise RefusedError("systemd does not say whether x.service runs")

    monkeypatch.setattr(guarded, "told", refuse)
    outcome = played.go()
    assert steps(played) == ["plan a b", "lock a", "state a", "arm a", "keep a", "unlock a"]
    assert outcome.hosts["a"].trouble == ["refused: systemd does not say whether x.service runs"]


def test_a_host_whose_state_cannot_be_kept_is_not_touched(played):
    played.no_state = "cannot keep the state of /etc/ssh"
    outcome = played.go()
    assert steps(played) == ["plan a b", "lock a", "state a", "keep a", "unlock a"]
    assert outcome.hosts["a"].trouble == ["refused: cannot keep the state of /etc/ssh"]


def test_the_role_of_an_operation_stands_before_its_name():
    assert role_of("ssh | SSH-01 sshd") == "ssh"
    assert role_of("SSH-01 sshd") == ""


def test_every_host_is_told_to_be_done(played):
    played.refusals = ["its disk is full"]
    played.go()
    assert played.told == {
        "a": ("refused: its disk is full", 1.0),
        "b": ("nothing to change", 1.0),
    }
    played.refusals = []
    played.go()
    assert played.told["a"] == ("applied", 1.0)


def test_what_follows_comes_back_with_what_is_dangerous(played, monkeypatch):
    armed = []
    monkeypatch.setattr(guarded, "arm_command", lambda _run, what, _account: armed.append(what))
    played.followers = [Coverage(paths=["/var/lib/ringfence/integrity"], follows=True)]
    played.go()
    assert armed[0].paths == ["/etc/ssh", "/var/lib/ringfence/integrity"]
    assert played.covered == "path /etc/ssh\n"  # a rollback leaves it


@pytest.fixture
def remembered(played):
    """What the site remembers of the files of a; each apply writes it anew."""
    file = played.site / "integrity/a.yml"
    file.parent.mkdir()
    file.write_text("of before")
    played.applied["a"].wrote = lambda: file.write_text("of the run")
    return file


def test_what_the_site_remembers_comes_back_too(played, remembered):
    played.confirmed = "the new login failed: x"
    played.go()
    assert remembered.read_text() == "of before"


def test_what_the_site_remembers_of_a_change_that_stays_is_new(played, remembered):
    played.go()
    assert remembered.read_text() == "of the run"
    assert not list((played.site / "runs").rglob("a.yml"))


def test_what_a_killed_run_left_in_the_site_goes_back_at_the_next(played, remembered):
    played.confirmed, played.returns = "the new login failed: x", ""
    played.go()  # it never saw the host come back
    assert remembered.read_text() == "of the run"
    played.planned["a"] = HostOutcome()
    played.guard = {"reverted_run": "R2"}
    played.go()
    assert remembered.read_text() == "of before"


def test_a_host_of_whose_files_nothing_can_be_kept_is_not_touched(played, remembered):
    (played.site / "runs").write_text("no folder")
    outcome = played.go()
    assert outcome.hosts["a"].trouble[0].startswith("refused: what is remembered of its files")
    assert "pyinfra a" not in played.done


def test_a_memory_that_cannot_be_put_back_is_told(played, remembered, monkeypatch):
    def full(_memory):
        raise OSError("No space left on device")

    monkeypatch.setattr(guarded.Memory, "put_back", full)
    played.confirmed = "the new login failed: x"
    outcome = played.go()
    assert outcome.hosts["a"].guard[0].endswith("was not put back: No space left on device")
