from ringfence.proof.rounds import (
    among,
    disturbs,
    one_by_one,
    sample,
    side_by_side,
    touched,
    trials_of,
)
from ringfence.proof.sabotages import Case, Kind, Sabotage

ROLES = {"SSH-01": ["ssh"], "SSH-02": ["ssh"], "CLS-01": ["identity"]}


def sabotage(control, *names):
    cases = [
        Case(name=name, kind=Kind.ADD, does="x", run="true", fails=["t"], because="x")
        for name in names
    ]
    return Sabotage(control=control, cases=cases)


def three():
    return [sabotage("SSH-01", "a", "b"), sabotage("SSH-02", "c"), sabotage("CLS-01", "d")]


def names(rounds):
    return [[f"{trial.name} {trial.case.name}" for trial in trials] for trials in rounds]


def test_one_by_one_tries_each_case_alone():
    assert names(one_by_one(trials_of(three(), ROLES))) == [
        ["SSH-01-1 a"],
        ["SSH-01-2 b"],
        ["SSH-02-1 c"],
        ["CLS-01-1 d"],
    ]


def test_side_by_side_never_breaks_a_test_twice():
    rounds = side_by_side(trials_of(three(), ROLES))
    assert names(rounds) == [["SSH-01-1 a", "SSH-02-1 c", "CLS-01-1 d"], ["SSH-01-2 b"]]


def test_side_by_side_breaks_a_role_in_few_ways_at_a_time():
    many = [sabotage(f"SSH-{n:02}", "a") for n in range(1, 10)]
    rounds = side_by_side(trials_of(many, {each.control: ["ssh"] for each in many}))
    assert [len(trials) for trials in rounds] == [4, 4, 1]
    assert sorted(t.name for trials in rounds for t in trials) == [
        f"SSH-{n:02}-1" for n in range(1, 10)
    ]


def test_side_by_side_breaks_a_role_in_more_ways_where_a_host_is_rebooted():
    many = [sabotage(f"LOG-{n:02}", "a") for n in range(1, 10)]
    for each in many:
        each.cases[0] = each.cases[0].model_copy(update={"reboot": True})
    rounds = side_by_side(trials_of(many, {each.control: ["audit"] for each in many}))
    assert [len(trials) for trials in rounds] == [6, 3]


def test_what_several_roles_serve_breaks_each_of_them():
    many = [sabotage(f"LOG-{n:02}", "a") for n in range(1, 7)]
    roles = {
        each.control: ["audit"] if number < 4 else ["logging"] for number, each in enumerate(many)
    }
    both = sabotage("LOG-09", "a")
    rounds = side_by_side(trials_of([*many, both], roles | {"LOG-09": ["audit", "logging"]}))
    assert [[trial.control for trial in trials] for trials in rounds] == [
        ["LOG-01", "LOG-02", "LOG-03", "LOG-04", "LOG-05", "LOG-06"],
        ["LOG-09"],
    ]


def test_side_by_side_leaves_a_case_alone_that_asks_for_it():
    first, *others = three()
    first.cases[0] = first.cases[0].model_copy(update={"alone": True})
    rounds = side_by_side(trials_of([first, *others], ROLES))
    assert names(rounds) == [["SSH-01-1 a"], ["SSH-01-2 b", "SSH-02-1 c", "CLS-01-1 d"]]


def test_side_by_side_keeps_what_needs_a_reboot_from_what_needs_none():
    first, *others = three()
    first.cases[0] = first.cases[0].model_copy(update={"reboot": True})
    rounds = side_by_side(trials_of([first, *others], ROLES))
    assert names(rounds) == [["SSH-01-1 a"], ["SSH-01-2 b", "SSH-02-1 c", "CLS-01-1 d"]]


def test_what_disturbs_other_hosts_meets_what_does_alone():
    first, *others = three()
    for each in (first, others[1]):
        each.cases[0] = each.cases[0].model_copy(update={"disturbs": True})
    rounds = side_by_side(trials_of([first, *others], ROLES))
    assert names(rounds) == [["SSH-01-1 a", "CLS-01-1 d"], ["SSH-01-2 b", "SSH-02-1 c"]]
    assert [disturbs(trials) for trials in rounds] == [True, False]


def test_without_sabotages_there_is_no_round():
    assert side_by_side([]) == one_by_one([]) == []


def test_what_sabotages_touch_are_their_controls_and_those_that_fail_with_them():
    first, *others = three()
    first.cases[1].also.append("FW-04")
    assert touched([first, *others]) == ["SSH-01", "FW-04", "SSH-02", "CLS-01"]


def test_a_sample_fails_each_test_once_in_as_few_ways_as_it_can():
    many = sabotage("SSH-01", "one", "both", "other again", "third")
    for case, fails in zip(many.cases, (["a"], ["a", "b"], ["b"], ["c"]), strict=True):
        case.fails[:] = fails
    same_name = sabotage("SSH-02", "another's")
    same_name.cases[0].fails[:] = ["a"]
    tried = sample(trials_of([many, same_name], ROLES))
    assert names([tried]) == [["SSH-01-2 both", "SSH-01-4 third", "SSH-02-1 another's"]]
    assert sample([]) == []


def test_what_is_asked_of_a_sample_is_what_it_tries():
    every = {each.control: each for each in three()}
    found = among(every, trials_of(three(), ROLES)[1:3])
    assert {control: [case.name for case in each.cases] for control, each in found.items()} == {
        "SSH-01": ["b"],
        "SSH-02": ["c"],
    }
