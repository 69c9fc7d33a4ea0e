import pytest

from ringfence.catalogue import framework_ids
from ringfence.report import wording
from ringfence.verify.verdicts import Verdict


def test_sentence_is_the_name_of_the_test():
    assert wording.sentence("test_root_may_not_log_in") == "root may not log in"
    assert wording.sentence("") == ""


def test_every_framework_of_the_catalogue_has_a_name():
    assert set(wording.FRAMEWORKS) == set(framework_ids())
    assert wording.framework_name("gdpr") == "GDPR"
    assert wording.framework_name("some_other_1") == "some other 1"


def test_every_verdict_has_a_meaning():
    assert set(wording.MEANINGS) == set(Verdict)


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 0, "0 of 0"),
        (2, 3, "2 of 3 (66.6 %)"),
        (1999, 2000, "1999 of 2000 (99.9 %)"),
        (7, 7, "7 of 7 (100.0 %)"),
    ],
)
def test_share_is_rounded_down(part, whole, said):
    assert wording.share(part, whole) == said


def test_tally_names_the_worst_first_and_leaves_out_what_did_not_occur():
    counts = {Verdict.PASS: 7, Verdict.NOT_APPLICABLE: 1, Verdict.FAIL: 2, Verdict.ERROR: 0}

    assert wording.tally(counts) == "2 fail, 7 pass, 1 not applicable"
    assert wording.tally({}) == "nothing judged"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-11-21T09:12:03+00:00", "2026-11-21 09:12:03 UTC"),
        ("2026-11-21T00:12:03+02:00", "2026-11-20 22:12:03 UTC"),
        ("2026-11-21T09:12:03", "2026-11-21T09:12:03"),
        ("yesterday", "yesterday"),
    ],
)
def test_moment_is_in_utc(text, said):
    assert wording.moment(text) == said


def test_days_left_counts_from_the_run():
    assert wording.days_left("2026-11-22", "2026-11-21T09:00:00+00:00") == "1 day left"
    assert wording.days_left("2026-11-21", "2026-11-21T09:00:00+00:00") == "0 days left"
    assert wording.days_left("some day", "2026-11-21T09:00:00+00:00") == ""


def test_proof_sentence_gives_date_and_releases():
    proof = {"date": "2026-11-21", "releases": ["12", "trixie"], "tests": {}}

    assert wording.proof_sentence(proof) == "last seen failing on 2026-11-21 (Debian 12, trixie)"
    assert wording.proof_sentence({"date": "2026-11-21"}) == "last seen failing on 2026-11-21"
    assert wording.proof_sentence(None) == "never seen red"
