"""What the probe says of the promises in an archive in a folder here; its commands are real."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from ringfence.site import Classification
from ringfence.verify.probes import log_promises

from ...archive.conftest import FIRST, PROMISED, day, sound_archive
from .test_log_folders import Here

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path):
    return sound_archive(tmp_path / "logs")


def of(archive, host="pbx1"):
    found = log_promises.promises(Here(archive.root))
    return next(one for one in found if one.host == host)


def test_an_archive_that_is_not_there_promises_nothing(tmp_path):
    assert log_promises.promises(Here(tmp_path / "none")) == []


def test_files_that_are_promised_too_few_days_are_named(archive):
    assert of(archive).too_short(PROMISED, LONG_AGO) == []
    name = f"{day(5)}.jsonl.zst"
    archive.close("pbx1", day(5), archive.record("pbx1", day(5)), promised=400)
    assert of(archive).too_short(PROMISED, LONG_AGO) == [f"{name}: 400"]
    assert of(archive).too_short(400, LONG_AGO) == []
    assert of(archive, "agent1").too_short(PROMISED, LONG_AGO) == []


def test_what_was_closed_before_the_configuration_changed_is_not_judged_by_it(archive):
    archive.close("pbx1", day(5), archive.record("pbx1", day(5)), promised=400)
    assert of(archive).too_short(PROMISED, datetime(2026, 3, 7, 0, 20, tzinfo=UTC)) == []
    assert of(archive).too_short(PROMISED, datetime(2026, 3, 7, 0, 19, tzinfo=UTC))


@pytest.mark.parametrize(
    ("number", "name", "asked", "due"),
    [
        (2, f"{day(1)}.jsonl.zst", 400, PROMISED),
        (2, f"{day(1)}.jsonl.zst", 1100, PROMISED),
        (1, f"{FIRST}.jsonl.zst", 400, 400),
        (1, f"{FIRST}.jsonl.zst", 1100, 1100),
    ],
)
def test_a_file_that_went_is_due_as_promised_or_else_as_is_asked(archive, number, name, asked, due):
    archive.prune("pbx1", number, 501)
    assert of(archive).days(asked) == {name: (500, due)}


def test_an_entry_that_names_another_file_shows_no_promise(archive):
    archive.prune("pbx1", 2, 501)
    archive.lines["pbx1"][-1] = archive.lines["pbx1"][-1].replace(b'"prunes":2', b'"prunes":4')
    archive.save("pbx1")
    assert of(archive).days(400) == {f"{day(1)}.jsonl.zst": (500, 400)}


def test_what_is_no_entry_is_left_out(archive):
    archive.prune("pbx1", 2, 501)
    archive.lines["pbx1"][2] = archive.lines["pbx1"][2].replace(b'"records":3', b'"records":"3"')
    archive.save("pbx1")
    with (archive.root / "pbx1/chain.jsonl").open("ab") as file:
        file.write(b'{"kind":"closed"}\n{"kind":"pruned","prunes":7}\n')
    assert of(archive).days(400) == {f"{day(1)}.jsonl.zst": (500, 400)}


def test_what_the_site_asks_for_follows_the_classification():
    unmarked = {"pci": False, "ephi": False, "groups": ()}
    hosts = {
        "db1": SimpleNamespace(classification=Classification.HIGH, **unmarked),
        "agent1": SimpleNamespace(classification=Classification.BASIC, **unmarked),
        "pbx1": SimpleNamespace(classification=Classification.BASIC, **unmarked | {"pci": True}),
    }
    retention = SimpleNamespace(access_records_days=800)
    site = SimpleNamespace(hosts=hosts, policy=SimpleNamespace(retention=retention))
    assert log_promises.asked_for(site) == {"db1": 800, "agent1": 400, "pbx1": 800}


@pytest.mark.parametrize(("said", "year"), [("1772323200\n", 2026), ("", 1970)])
def test_a_configuration_that_is_not_there_hides_no_promise(said, year):
    host = SimpleNamespace(run=lambda _command: SimpleNamespace(stdout=said))
    assert log_promises.configured_at(host).year == year
