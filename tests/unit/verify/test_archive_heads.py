"""Heads of the archive's chains in runs that are kept."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ringfence.archive.anchors import SeenHead, begun_again, compare, new_anchors
from ringfence.archive.findings import Kind, Reading
from ringfence.archive.sources import Folder
from ringfence.archive.verifying import read_chains
from ringfence.verify.archive_heads import CONTROL, SUBJECT, TRUSTED, heads_seen
from ringfence.verify.results import Results, TestResult
from ringfence.verify.runs import Provenance, Run
from ringfence.verify.verdicts import Verdict

from ..archive.conftest import FIRST, sound_archive

NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
SUITE = Path(__file__).parents[3] / "tests/baseline/test_log_collector.py"
HEAD = "4 " + "a" * 64


def keep(runs, name, *, verdict=Verdict.PASS, host="collector1", keys="the site", head=HEAD):
    subjects = ((TRUSTED[0], keys), ("what is wrong", "nothing"), (f"{SUBJECT}pbx1", head))
    observed = [
        {"subject": subject, "expected": "", "observed": value, "met": True}
        for subject, value in subjects
    ]
    results = Results([TestResult(host, CONTROL, "test_chains", verdict, observations=observed)])
    about = dict.fromkeys(Provenance.__dataclass_fields__, "x") | {"versions": {}}
    about["started_at"] = f"2026-03-0{name}T04:00:00+00:00"
    (runs / name).mkdir(parents=True)
    Run(name, Provenance(**about), {}, {}, results).save(runs / name)


def test_heads_are_those_of_each_run(tmp_path):
    keep(tmp_path, "1")
    keep(tmp_path, "2", head="5 " + "b" * 64)
    seen = heads_seen(tmp_path, "collector1")
    assert seen.heads == [
        SeenHead("2026-03-01T04:00:00Z", "pbx1", 4, "a" * 64, "1"),
        SeenHead("2026-03-02T04:00:00Z", "pbx1", 5, "b" * 64, "2"),
    ]
    assert seen.unreadable == []


@pytest.mark.parametrize(
    "other",
    [
        {"verdict": Verdict.FAIL},
        {"host": "collector2"},
        {"keys": "the collector: the site keeps none yet"},
        {"head": "? " + "a" * 64},
    ],
)
def test_what_is_not_surely_the_collectors_is_none(tmp_path, other):
    keep(tmp_path, "1", **other)
    assert heads_seen(tmp_path, "collector1").heads == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("results.json", '{"tests"', "{"),
        ("results.json", '"subject"', '"about"'),
        ("run.json", '"2026-03-01T04:00:00+00:00"', "7"),
        ("run.json", '"provenance"', '"origin"'),
    ],
)
def test_a_run_that_cannot_be_read_is_named(tmp_path, file, old, new):
    keep(tmp_path, "1")
    keep(tmp_path, "2")
    path = tmp_path / "1" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    seen = heads_seen(tmp_path, "collector1")
    assert (seen.unreadable, len(seen.heads)) == (["1"], 1)


def test_no_folder_has_no_runs(tmp_path):
    assert heads_seen(tmp_path / "none", "collector1").heads == []


def test_the_baseline_calls_them_so():
    text = SUITE.read_text()
    assert f'f"{SUBJECT}{{folder.name}}"' in text
    assert f'"{TRUSTED[0]}"' in text


def test_a_chain_that_was_written_anew_since_a_run_is_told_but_not_one_that_began_again(
    tmp_path,
):
    writer = sound_archive(tmp_path / "logs")

    def chains():
        return read_chains(Folder(writer.root), writer.keys, Reading())

    heads = [
        SeenHead(one.anchored, one.host, one.number, one.sha256, "R")
        for one in new_anchors([], chains(), NOW)
    ]
    sound = Reading()
    compare(None, chains(), sound, heads)
    assert (sound.findings, sound.anchored, sound.seen) == ([], None, 2)
    writer.lines["pbx1"] = []
    writer.entry("pbx1", "begun", FIRST)
    told = Reading()
    compare(None, chains(), told, heads)
    (finding,) = told.findings
    assert (finding.host, finding.kind) == ("pbx1", Kind.TRUNCATED)
    assert finding.text == "entry 5, which the run R saw, is not there"
    again = Reading()
    compare([begun_again("pbx1", NOW + timedelta(days=1))], chains(), again, heads)
    assert (again.findings, again.seen) == ([], 1)
