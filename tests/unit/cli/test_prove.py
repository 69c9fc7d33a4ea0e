"""``ringfence prove``: what is refused before any host is asked, and which host tries what."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

import ringfence.cli
from ringfence.cli import prove
from ringfence.proof.proving import CaseOutcome
from ringfence.proof.record import proofs_from
from ringfence.proof.rounds import trials_of
from ringfence.proof.sabotages import Case, Kind, Sabotage


@dataclass(frozen=True)
class Bench:
    host: SimpleNamespace
    folder: Path = Path("proofs")


def trial(name):
    return SimpleNamespace(control="SSH-01", roles=("ssh",), case=case(name), number=1)


def case(name):
    disturbs = name.startswith("loud")
    return SimpleNamespace(name=name, fails=[name], alone=True, reboot=False, disturbs=disturbs)


def test_a_sample_is_dealt_and_what_does_not_apply_is_tried_elsewhere(monkeypatch):
    tried = []

    def prove_on(bench, rounds):
        found = []
        for one in (each for trials in rounds for each in trials):
            reason = "no bastion" if (bench.host.name, one.case.name) == ("agent", "b") else ""
            found.append(CaseOutcome(bench.host.name, "SSH-01", one.case.name, [], [], reason))
            tried.append((bench.host.name, one.case.name, bench.folder.name))
        return found, ""

    monkeypatch.setattr(prove, "_prove", prove_on)
    benches = [Bench(SimpleNamespace(name=name)) for name in ("bastion", "agent")]
    shown = prove._deal(benches, [[trial("a")], [trial("b")], [trial("c")]], 4)
    dealt, elsewhere = [
        sorted(one[:2] for one in tried if one[2] == folder) for folder in ("proofs", "elsewhere")
    ]
    assert dealt == [("agent", "b"), ("bastion", "a"), ("bastion", "c")]
    assert elsewhere == [("agent", "b"), ("bastion", "b")]
    proven = {outcome.case for found, _ in shown for outcome in found if outcome.proven}
    assert proven == {"a", "b", "c"}


@pytest.mark.parametrize("way", [prove._deal, prove._try_everywhere])
def test_what_disturbs_others_is_tried_last_and_while_no_other_host_is_asked(monkeypatch, way):
    tried, busy, beside = [], set(), set()

    def prove_on(bench, rounds):
        busy.add(bench.host.name)
        time.sleep(0.05)
        tried.extend((bench.folder.name, trials[0].case.name) for trials in rounds)
        if len(busy) > 1:
            beside.add(bench.folder.name)
        busy.discard(bench.host.name)
        return [], ""

    monkeypatch.setattr(prove, "_prove", prove_on)
    benches = [Bench(SimpleNamespace(name=name)) for name in ("bastion", "agent")]
    rounds = [[trial(name)] for name in ("loud a", "b", "loud c", "d")]
    prove._try_in_order(benches, rounds, 4, way)
    times = 1 if way is prove._deal else 2
    quiet, loud = tried[: 2 * times], tried[2 * times :]
    assert sorted(quiet) == sorted([("proofs", "b"), ("proofs", "d")] * times)
    assert sorted(loud) == sorted([("one-at-a-time", n) for n in ("loud a", "loud c")] * times)
    assert "one-at-a-time" not in beside


def test_a_way_that_is_applicable_on_one_host_is_one_that_applies():
    outcomes = [
        CaseOutcome(host, "SSH-01", name, [], [], "no bastion" if (host, name) in none else "")
        for none in ({("agent", "a"), ("agent", "b"), ("bastion", "b")},)
        for host in ("agent", "bastion")
        for name in ("a", "b")
    ]
    shown = [prove._applies_nowhere(trial(name), outcomes) for name in ("a", "b", "untried")]
    assert shown == [False, True, False]


def test_what_applies_nowhere_is_no_fault_unless_it_is_all_of_a_control():
    def sabotage(control, *names):
        cases = [
            Case(name=name, kind=Kind.ADD, does="x", run="true", fails=["t"], because="x")
            for name in names
        ]
        return Sabotage(control=control, cases=cases)

    sabotages = {"A-01": sabotage("A-01", "here", "nowhere"), "A-02": sabotage("A-02", "nowhere")}
    trials = trials_of(sabotages.values(), {"A-01": ["a"], "A-02": ["a"]})
    outcomes = [
        CaseOutcome("h", t.control, t.case.name, ["t"], [], "" if t.case.name == "here" else "no")
        for t in trials
    ]
    nowhere = [trial for trial in trials if prove._applies_nowhere(trial, outcomes)]
    found, kept = prove._without(nowhere, trials, outcomes, sabotages)
    proofs = proofs_from(found, kept, {"h": "12"}, {"A-01": "x", "A-02": "x"})
    assert {control: proof.tests for control, proof in proofs.items()} == {"A-01": {"t": ["here"]}}


def test_a_sample_is_no_proof_to_be_recorded(sealed_site, capsys):
    code = ringfence.cli.run(["prove", str(sealed_site), "--sample", "--record"])
    assert code == 4
    assert "--record keeps whole proofs: leave --sample out" in capsys.readouterr().err


@pytest.fixture
def tried(sealed_site, monkeypatch):
    """A proof in which the first case of a control is proven, and all others are not red."""

    def prove_on(bench, rounds):
        found = [
            CaseOutcome(
                bench.host.name,
                one.control,
                one.case.name,
                one.case.fails,
                [] if one.number == 1 else ["it was pass, not fail"],
            )
            for trials in rounds
            for one in trials
        ]
        return found, "agent2: stays red" if bench.host.name == "agent2" else ""

    monkeypatch.setattr(prove, "_prove", prove_on)
    monkeypatch.setattr(prove, "require_lab_host", lambda _bench: "13")
    return sealed_site


def test_the_outcome_is_one_document_by_control_host_and_case(tried, capsys):
    words = ["--limit", "agent1,agent2", "--control", "SSH-01", "--json"]
    code = ringfence.cli.run(["prove", str(tried), *words])
    captured = capsys.readouterr()
    said = json.loads(captured.out)
    (control,) = said["controls"]
    assert (code, control["control"], control["proven"]) == (1, "SSH-01", False)
    assert control["faults"]
    assert all(f"NOT PROVEN {fault}" in captured.err for fault in control["faults"])
    assert said["stopped"] == ["agent2: stays red"]
    by_place = {(case["host"], case["control"], case["case"]): case for case in said["cases"]}
    assert len(by_place) == len(said["cases"]) >= 4
    assert [case["proven"] for case in said["cases"]].count(True) == 2
    kept = json.loads((Path(said["folder"]) / "outcomes.json").read_text())
    assert kept == [{k: v for k, v in case.items() if k != "proven"} for case in said["cases"]]


def test_of_a_sample_the_document_has_what_applies_nowhere(tried, capsys, monkeypatch):
    monkeypatch.setattr(prove, "_applies_nowhere", lambda trial, _: trial.number > 1)
    words = ["--limit", "agent1", "--control", "SSH-01", "--sample", "--json"]
    ringfence.cli.run(["prove", str(tried), *words])
    said = json.loads(capsys.readouterr().out)
    assert {case["control"] for case in said["cases"]} == {"SSH-01"}
    assert len(said["cases"]) > 1
