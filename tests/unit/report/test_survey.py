from ringfence.report.survey import NO_OUTCOME, Survey
from ringfence.verify.results import Results, TestResult
from ringfence.verify.verdicts import Verdict


def test_every_host_has_one_outcome_for_every_control(run):
    survey = Survey(run)

    assert list(survey.outcomes) == [(host, name) for host in run.hosts for name in run.controls]
    assert sum(survey.counts.values()) == 25
    assert all(survey.counts[verdict] for verdict in Verdict)


def test_an_outcome_that_the_run_lost_is_an_error(run):
    lost = [test for test in run.results.tests if test.host != "agent1"]
    run.results.tests[:] = lost

    outcomes = Survey(run).of_host("agent1")

    assert {outcome.verdict for outcome in outcomes} == {Verdict.ERROR}
    assert {outcome.message for outcome in outcomes} == {NO_OUTCOME}


def test_a_host_that_only_the_results_name_is_not_left_out(make_run):
    survey = Survey(make_run(Results([TestResult("ghost", "XX-01", "", Verdict.ERROR, "?")])))

    assert survey.hosts[-1] == "ghost"
    assert survey.controls[-1] == "XX-01"
    assert survey.describe("XX-01")["title"] == ""


def test_population_counts_each_host_once(run, make_run):
    assert Survey(run).population == "5 hosts: 4 tested, 1 unreachable"
    nothing = Survey(make_run(Results()))
    assert nothing.population == "5 hosts: 0 tested, 0 unreachable, 5 with nothing measured"


def test_a_host_that_died_in_the_middle_is_unreachable(run):
    reason = "the connection ended before every answer"
    run.results.tests.append(TestResult("agent1", "SSH-01", "t", Verdict.UNREACHABLE, reason))

    survey = Survey(run)

    assert survey.unreachable["agent1"] == reason
    assert survey.population == "5 hosts: 3 tested, 2 unreachable"


def test_headline_names_all_that_is_red(run, green_run, make_run):
    assert Survey(run).headline == "fail: 3 fail, 1 error, 4 unreachable, of 25 outcomes"
    assert Survey(green_run).headline == "pass: every applicable control holds on every host"
    assert Survey(make_run(Results(), hosts={})).headline == "error: nothing was measured"


def test_headline_names_the_waived(green_run):
    waived = TestResult("agent1", "SSH-01", "test_x", Verdict.WAIVED, original=Verdict.FAIL)
    green_run.results.tests.append(waived)

    survey = Survey(green_run)

    assert survey.overall is Verdict.PASS
    assert survey.headline.endswith("on every host, but for 1 waived outcome")


def test_coverage_and_score_are_apart(run):
    survey = Survey(run)

    assert (survey.measured, survey.applicable) == (16, 21)
    assert survey.counts[Verdict.PASS] == 12


def test_findings_come_worst_first(run):
    found = [(f.verdict, f.control, f.host) for f in Survey(run).findings]

    assert found == [
        (Verdict.FAIL, "SSH-01", "pbx1"),
        (Verdict.FAIL, "SSH-02", "pbx1"),
        (Verdict.FAIL, "ATT-01", "pbx1"),
        (Verdict.ERROR, "CLS-01", "pbx2"),
    ]


def test_an_unknown_severity_comes_after_the_known(run):
    run.controls["SSH-01"]["severity"] = "dreadful"

    assert [finding.control for finding in Survey(run).findings][2] == "SSH-01"


def test_not_applicable_is_grouped_by_reason(run):
    assert Survey(run).not_applicable == {
        ("ATT-01", "applies to pbx alone"): ["bastion1", "db1", "agent1"],
        ("ATT-01", "a virtual host has no door"): ["pbx2"],
    }


def test_waived_keeps_the_original_verdict(run):
    (test,) = Survey(run).waived

    assert (test.host, test.original) == ("pbx2", Verdict.FAIL)
