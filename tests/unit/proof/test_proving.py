from types import SimpleNamespace

import pytest

from ringfence.proof import proving
from ringfence.proof.proving import Bench, CaseOutcome, judge_red
from ringfence.proof.record import faults_of, proofs_from
from ringfence.proof.rounds import Trial
from ringfence.proof.sabotages import Case, Sabotage
from ringfence.steps import nobody
from ringfence.verify.results import Results, TestResult
from ringfence.verify.verdicts import Verdict

CASE = Case.model_validate_json(
    """{"name": "root may log in", "kind": "weaken", "does": "Lets root in.", "run": "true",
        "fails": ["test_root"], "because": "permitrootlogin.*observed yes", "also": ["SSH-09"]}"""
)
RED = "permitrootlogin: expected no, observed yes"
SUBJECTS = {"SSH-01": "of its tests"}


def found(test="test_root", verdict=Verdict.FAIL, message=RED, control="SSH-01"):
    return TestResult("pbx1", control, test, verdict, message)


def test_the_named_failure_for_the_named_reason_is_a_proof():
    assert judge_red("SSH-01", CASE, Results([found()])) == []


@pytest.mark.parametrize("verdicts", [(Verdict.PASS, Verdict.FAIL), (Verdict.FAIL, Verdict.PASS)])
def test_a_test_with_several_values_is_red_when_it_is_with_one(verdicts):
    results = [found(verdict=verdict) for verdict in verdicts]
    assert judge_red("SSH-01", CASE, Results(results)) == []


@pytest.mark.parametrize(
    ("tests", "fault"),
    [
        ([found(verdict=Verdict.PASS, message="")], "test_root was pass, not fail"),
        ([found(verdict=Verdict.ERROR, message="boom")], "test_root was error, not fail boom"),
        ([found(message="observed maybe")], "failed for another reason: observed maybe"),
        ([found(), found(message="observed maybe")], "failed for another reason: observed maybe"),
        ([found(), found(verdict=Verdict.ERROR, message="boom")], "was error, not fail boom"),
        ([], "is no test of SSH-01"),
        ([found(control="SSH-02")], "is no test of SSH-01"),
        ([found(), found("test_x", control="SSH-02")], "SSH-02 turned fail with it"),
        (
            [found(), found("test_x", Verdict.UNREACHABLE, "gone", "SSH-02")],
            "SSH-02 turned unreachable with it: gone",
        ),
    ],
)
def test_anything_else_is_none(tests, fault):
    assert any(fault in text for text in judge_red("SSH-01", CASE, Results(tests)))


def test_a_control_named_beside_it_may_fail_too():
    assert judge_red("SSH-01", CASE, Results([found(), found("t", control="SSH-09")])) == []


def test_a_control_that_another_case_of_the_round_breaks_is_not_this_ones_doing():
    results = Results([found(), found("t", control="FW-01")])
    assert judge_red("SSH-01", CASE, results, beside={"FW-01"}) == []


def sabotage(*names):
    cases = tuple(CASE.model_copy(update={"name": name}) for name in names)
    return Sabotage(control="SSH-01", cases=list(cases))


def test_a_case_that_applies_nowhere_leaves_the_control_unproven():
    outcome = CaseOutcome("c", "SSH-01", "one", ["test_root"], [], "a container has no kernel")
    assert faults_of(sabotage("one"), [outcome]) == ["SSH-01: one: was proven on no host"]


def test_one_host_is_enough_for_a_case_that_does_not_apply_on_another():
    outcomes = [
        CaseOutcome("c", "SSH-01", "one", ["test_root"], [], "a container has no kernel"),
        CaseOutcome("m", "SSH-01", "one", ["test_root"]),
    ]
    proofs = proofs_from(outcomes, {"SSH-01": sabotage("one")}, {"c": "12", "m": "13"}, SUBJECTS)
    assert proofs["SSH-01"].releases == ["13"]
    assert proofs["SSH-01"].subject == "of its tests"
    assert proofs["SSH-01"].tests == {"test_root": ["one"]}


def test_a_fault_on_one_host_is_not_made_good_by_another():
    outcomes = [
        CaseOutcome("a", "SSH-01", "one", ["test_root"], ["it stayed green"]),
        CaseOutcome("b", "SSH-01", "one", ["test_root"]),
    ]
    releases = {"a": "12", "b": "13"}
    assert proofs_from(outcomes, {"SSH-01": sabotage("one")}, releases, SUBJECTS) == {}
    assert faults_of(sabotage("one"), outcomes) == ["a: SSH-01: one: it stayed green"]


def test_what_is_not_proven_among_others_is_tried_among_fewer_and_in_the_end_alone(monkeypatch):
    rounds = []

    def prove_round(_bench, trials):
        rounds.append([trial.number for trial in trials])
        return [
            CaseOutcome("a", trial.control, trial.case.name, [], faults)
            for trial in trials
            for faults in [["green"] if trial.number == 4 or trial.number < len(trials) else []]
        ]

    monkeypatch.setattr(proving, "_prove_round", prove_round)
    bench = Bench(None, SimpleNamespace(name="a"), None, None, nobody)
    trials = [Trial("SSH-01", ("ssh",), number, CASE) for number in (1, 2, 3, 4, 5)]
    outcomes = list(proving._prove_in_halves(bench, trials))
    assert rounds == [[1, 2, 3, 4, 5], [1, 2], [1], [3, 4], [4]]
    assert [outcome.proven for outcome in outcomes] == [True, True, True, True, False]


def test_what_its_round_undid_is_tried_again_among_what_other_rounds_undid(monkeypatch):
    rounds = []

    def prove_round(_bench, trials):
        rounds.append([trial.name for trial in trials])
        undone = {"SSH-01-2", "PRV-01-2"} if len(rounds) < 3 else set()
        return [
            CaseOutcome("a", t.control, t.case.name, [], ["undone"] if t.name in undone else [])
            for t in trials
        ]

    monkeypatch.setattr(proving, "_prove_round", prove_round)
    monkeypatch.setattr(proving, "require_lab_host", lambda _bench: "12")
    bench = SimpleNamespace(
        host=SimpleNamespace(name="a"), judge=lambda _name: Results([]), say=lambda *_told: None
    )
    ssh = [Trial("SSH-01", ("ssh",), number, CASE) for number in (1, 2)]
    accounts = [Trial("PRV-01", ("accounts",), number, CASE) for number in (1, 2)]
    outcomes = list(proving.prove_host(bench, [ssh, accounts]))
    assert rounds == [["SSH-01-1", "SSH-01-2"], ["PRV-01-1", "PRV-01-2"], ["SSH-01-2", "PRV-01-2"]]
    assert len(outcomes) == 4
    assert all(outcome.proven for outcome in outcomes)


@pytest.mark.parametrize(
    ("said", "logins"),
    [
        ("Connection closed by 127.0.0.1 port 36603", 3),
        ("kex_exchange_identification: read: Connection reset by peer", 3),
        ("Permission denied (publickey).", 1),
        ("Connection to 127.0.0.1 closed by remote host.", 1),  # it may have run
    ],
)
def test_a_script_is_sent_again_when_it_cannot_have_run(monkeypatch, said, logins):
    ended = [SimpleNamespace(returncode=255, stderr=said)] * 3 + [SimpleNamespace(returncode=0)]
    monkeypatch.setattr(proving.time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(Bench, "_run_as_root", lambda _self, _script: ended.pop(0))
    bench = Bench(None, None, None, None, lambda *_told: None)
    assert bench.run_as_root("true").returncode == 255
    assert len(ended) == 4 - logins


def test_a_case_that_needs_a_reboot_gets_one_when_it_is_broken_and_when_it_is_repaired(monkeypatch):
    done = []
    bench = SimpleNamespace(
        folder=SimpleNamespace(glob=lambda _pattern: []),
        host=SimpleNamespace(name="a"),
        say=lambda *_told: None,
        run_as_root=lambda script: done.append(script) or SimpleNamespace(returncode=0),
        judge=lambda name: done.append(name.rpartition("-")[2]) or Results([]),
        apply=lambda *_what: done.append("apply") or SimpleNamespace(failed=False),
        reboot=lambda: done.append("reboot"),
        watching=frozenset(),
    )
    for case in (CASE, CASE.model_copy(update={"reboot": True})):
        proving._prove_round(bench, [Trial("SSH-01", ("ssh",), 1, case)])
    without, with_reboot = done[:4], done[4:]
    assert without == ["true", "red", "apply", "green"]
    assert with_reboot == ["true", "reboot", "red", "apply", "reboot", "green"]


def test_a_host_is_rebooted_once_it_answers_under_another_boot_id(monkeypatch):
    answers = iter(["one", "two", "", None, "one", "two"])
    asked = []

    def run(_self, script, timeout=0):
        asked.append(script)
        answer = next(answers)
        if answer is None:
            raise proving.subprocess.TimeoutExpired("ssh", timeout)
        return SimpleNamespace(returncode=0 if answer else 255, stdout=f"{answer}\n", stderr="")

    monkeypatch.setattr(proving.time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(Bench, "_run_as_root", run)
    Bench(None, SimpleNamespace(name="a"), None, None, nobody).reboot()
    assert asked == [proving.BOOT_ID, proving.REBOOT, *[proving.BOOT_ID] * 4]


@pytest.fixture
def watched():
    """Play a host of which FIM-01 tells what others did to it, until its own role is applied."""
    done, folders = [], set()
    told = found("t", control="FIM-01", message="a file differs")

    def judge(name):
        keep(name)
        done.append(name.rpartition("-")[2])
        red = [found()] if done[-1] == "red" else []
        return Results(red if "integrity" in done else [*red, told])

    def keep(name):
        assert name not in folders, "each judgement and each apply has a folder of its own"
        folders.add(name)

    def apply(roles, name):
        keep(name)
        done.append(roles)
        return SimpleNamespace(failed=False)

    return SimpleNamespace(
        done=done,
        folder=SimpleNamespace(glob=lambda _pattern: []),
        host=SimpleNamespace(name="a"),
        say=lambda *_told: None,
        run_as_root=lambda _script: SimpleNamespace(returncode=0),
        judge=judge,
        apply=apply,
        watching=frozenset({"FIM-01"}),
        catalogue=SimpleNamespace(roles_of={"FIM-01": ["integrity"]}),
    )


def test_a_control_that_watches_may_be_red_and_its_own_role_ends_that(watched):
    (outcome,) = proving._prove_round(watched, [Trial("SSH-01", ("ssh",), 1, CASE)])
    assert outcome.proven
    assert watched.done == ["red", "ssh", "green", "integrity", "watched"]


def test_a_control_that_watches_is_repaired_by_its_own_role_where_it_is_tried(watched):
    case = CASE.model_copy(update={"fails": ["t"], "because": "differs", "also": ["SSH-01"]})
    (outcome,) = proving._prove_round(watched, [Trial("FIM-01", ("integrity",), 1, case)])
    assert outcome.proven
    assert watched.done == ["red", "integrity", "green"]


def test_what_stays_red_with_a_control_that_watches_is_a_fault(watched):
    watched.watching = frozenset()
    watched.judge = lambda _name: Results([found(), found("t", control="FIM-01")])
    with pytest.raises(proving.ToolError, match="stays red"):
        proving._prove_round(watched, [Trial("SSH-01", ("ssh",), 1, CASE)])
