"""Wave after wave, with applies and verifications played."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from ringfence.deployment import Deployment, HostOutcome
from ringfence.errors import ToolError
from ringfence.rollout import Brought, Wave, host_outcomes, roll_out
from ringfence.verify.results import Results, TestResult
from ringfence.verify.verdicts import Verdict

FOLDER = Path("runs/20261126T000000Z-abcdef")
WELL = HostOutcome(changed=["SSH-01 x"])
GONE = HostOutcome(trouble=["unreachable: timed out"], completed=False)


def run(*tests, unreachable=None):
    return SimpleNamespace(results=Results(list(tests), unreachable=unreachable or {}))


def judged_as(host, verdict=Verdict.PASS, control="SSH-01"):
    return TestResult(host, control, "test_x", verdict, "why")


def play(outcomes, waves=("a", "bc", "d")):
    """Roll out; return the waves, which hosts were touched, and what was kept each time."""
    touched, kept = [], []

    def bring(wave: Wave) -> Brought:
        names = [host.name for host in wave.hosts]
        touched.extend(names)
        found = {name: outcomes.get(name, WELL) for name in names}
        for outcome in found.values():
            if isinstance(outcome, BaseException):
                raise outcome
        return Brought(Deployment(False, found), FOLDER)

    def keep(known):
        kept.append({name: text for wave in known for name, text in wave.outcomes.items()})

    hosts = [[SimpleNamespace(name=name) for name in wave] for wave in waves]
    try:
        return roll_out(hosts, bring, keep), touched, kept
    except (ToolError, KeyboardInterrupt) as error:
        return error, touched, kept


def test_waves_that_are_well_are_all_brought():
    waves, touched, kept = play({})
    assert touched == ["a", "b", "c", "d"]
    assert [wave.outcome for wave in waves] == ["passed"] * 3
    assert set(kept[-1].values()) == {"applied, not verified"}
    assert set(kept[0].values()) == {"not begun"}


@pytest.mark.parametrize("bad", [GONE, HostOutcome(failed=["SSH-01 x"]), HostOutcome(reverted="x")])
def test_a_bad_host_ends_its_wave_but_not_its_neighbours_and_later_hosts_are_named(bad):
    waves, touched, kept = play({"b": bad})
    assert touched == ["a", "b", "c"]
    assert [wave.outcome for wave in waves] == [
        "passed",
        "failed on b",
        "not begun: wave 2 failed",
    ]
    assert kept[-1]["c"] == "applied, not verified"
    assert kept[-1]["d"] == "not begun: wave 2 failed"


@pytest.mark.parametrize(
    ("error", "told", "later"),
    [
        (ToolError("a disk is full"), "failed: a disk is full", "not begun: wave 1 failed"),
        (KeyboardInterrupt(), "failed: interrupted", "not begun: wave 1 was interrupted"),
    ],
)
def test_what_ends_the_run_is_in_the_record_too(error, told, later):
    raised, touched, kept = play({"a": error})
    assert raised is error
    assert touched == ["a"]
    assert kept[-1] == {"a": told, "b": later, "c": later, "d": later}


@pytest.mark.parametrize(
    ("host", "judged", "outcome"),
    [
        (WELL, None, "applied, not verified"),
        (WELL, run(judged_as("a")), "passed"),
        (WELL, run(judged_as("a"), judged_as("b", Verdict.FAIL)), "passed"),
        (
            WELL,
            run(judged_as("a", Verdict.FAIL), judged_as("a", Verdict.ERROR, "FW-01")),
            "SSH-01, FW-01 red",
        ),
        (WELL, run(judged_as("a", Verdict.UNREACHABLE), unreachable={"a": "x"}), "unreachable: x"),
        (WELL, run(judged_as("a", Verdict.NOT_APPLICABLE)), "failed: nothing was measured"),
        (GONE, run(judged_as("a")), "unreachable: timed out"),
        (HostOutcome(trouble=["refused: y"], completed=False), run(judged_as("a")), "refused: y"),
        (HostOutcome(completed=False), run(judged_as("a")), "failed: it did not come to its end"),
        (HostOutcome(reverted="no login", completed=False), None, "failed: put back: no login"),
    ],
)
def test_the_outcome_of_a_host_in_words(host, judged, outcome):
    found = host_outcomes(Brought(Deployment(False, {"a": host}), FOLDER, judged, FOLDER))
    assert found["a"].endswith(outcome)
