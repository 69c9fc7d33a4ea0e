import pytest

from ringfence.operations.integrity import Kept, _only, _reason

RULES = "b" * 64
KEPT = Kept(database="a" * 64, rules=RULES, taken="1000.0")
SINCE = 5000.0


def found(database="a" * 64, *changes):
    listed = [{"path": path, "how": "changed", "moment": moment} for path, moment in changes]
    return {"database": database, "rules": RULES, "taken": "1000.0", "changes": listed}


def reason(state, kept=KEPT, rules=RULES, accept=False):
    return _reason(state, kept, rules, SINCE, accept)


def test_a_host_of_which_nothing_is_kept_gets_its_first_baseline():
    assert reason(found(""), kept=None) == ("first baseline", "")


def test_a_baseline_stays_while_nothing_changes():
    assert reason(found()) == ("", "")


def test_what_the_run_itself_changed_is_in_the_next_baseline():
    assert reason(found("a" * 64, ("/etc/a", SINCE + 1))) == ("apply", "")


def test_other_rules_make_a_new_baseline():
    assert reason(found(), rules="c" * 64) == ("apply", "")


@pytest.mark.parametrize("rules", [RULES, "c" * 64])
def test_what_changed_before_the_run_is_not_accepted_whatever_else_changed(rules):
    state = found("a" * 64, ("/etc/a", SINCE - 1), ("/etc/b", SINCE + 1))
    made, refused = reason(state, rules=rules)
    assert not made
    assert refused == "changed by no run of Ringfence: /etc/a: nothing is accepted"


def test_a_baseline_that_the_host_made_anew_is_not_accepted():
    made, refused = reason(found("d" * 64, ("/etc/a", SINCE + 1)))
    assert not made
    assert "is not the one that is kept" in refused


@pytest.mark.parametrize("state", [found("d" * 64), found("a" * 64, ("/etc/a", 1.0)), found("")])
def test_somebody_may_accept_a_host_as_it_is(state):
    accepted = Kept(database="a" * 64, rules=RULES, taken="1000.0", accepted="CHG-42")
    assert reason(state, kept=accepted) == ("CHG-42", "")


@pytest.mark.parametrize("state", [found("d" * 64), found("a" * 64, ("/etc/a", 1.0))])
def test_hosts_that_are_there_to_be_broken_are_accepted_by_each_apply(state):
    assert reason(state, accept=True) == ("changes are accepted by each apply", "")


def test_many_changes_are_counted():
    changes = [(f"/etc/{number}", 1.0) for number in range(7)]
    _, refused = reason(found("a" * 64, *changes))
    assert "/etc/3 and 3 more" in refused


def test_what_was_written_and_is_the_same_is_no_change():
    state = found("a" * 64, ("/etc/a", SINCE + 1))
    state["changes"][0]["how"] = "touched"
    assert reason(state) == ("", "")


def test_a_baseline_is_taken_anew_of_what_was_written_alone():
    state = found("a" * 64, ("/etc/a.b", SINCE + 1), ("/usr/x+y z", SINCE + 1))
    state["changes"][1]["how"] = "touched"
    assert _only(state, KEPT, RULES) == [r"(/etc/a\.b|/usr/x\+y\ z)$"]


@pytest.mark.parametrize(
    ("state", "kept", "rules"),
    [
        (found(), KEPT, RULES),  # somebody accepts what is not known
        (found("d" * 64, ("/etc/a", 1.0)), KEPT, RULES),  # the host made its own
        (found("a" * 64, ("/etc/a", 1.0)), KEPT, "c" * 64),  # other rules
        (found("a" * 64, ("/etc/a", 1.0)), None, RULES),
        (found("a" * 64, ("/etc/what?", 1.0)), KEPT, RULES),  # a line break in its name
        (found("a" * 64, *[(f"/etc/{n}", 1.0) for n in range(400)]), KEPT, RULES),  # perhaps more
    ],
)
def test_otherwise_it_is_taken_of_all(state, kept, rules):
    assert _only(state, kept, rules) == []
