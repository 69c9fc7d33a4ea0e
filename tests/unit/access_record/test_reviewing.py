"""What a month says: counted by hand here."""

from datetime import date, timedelta

import pytest

from ringfence.access_record import reviewing
from ringfence.access_record.reviewing import NOBODY, months_earlier, review
from ringfence.archive.sources import Folder
from ringfence.site import load_site
from ringfence.site.policy import WorkingHours
from ringfence.site.sampling import SAMPLE

CALL = "/srv/recordings/2026/03/call.wav"
DENIED = {"success": "no", "exit": -13, "key": "access-denied"}


@pytest.fixture(scope="module")
def policy():
    return load_site(SAMPLE).policy


@pytest.fixture
def month(noon):
    return noon.date().replace(day=1)


@pytest.fixture
def at(noon):
    """A moment of the month: its day and hour, in UTC."""
    return lambda day, hour=12: noon.replace(day=day, hour=hour)


def reviewed(archive, policy, month, **options):
    return review(Folder(archive.folder), policy, month, **options)


def test_who_looked_and_how_often(archive, policy, month, at, event):
    for number, (day, change) in enumerate(
        [
            (3, {}),
            (3, {"a2": "1"}),
            (4, {"uid": 0}),
            (4, DENIED),
            (4, {"auid": 1202} | DENIED),
            (5, {"auid": 4294967295, "uid": 0}),
        ],
        1,
    ):
        archive.write(event(at(day), number, CALL, **change), at(day))
    found = reviewed(archive, policy, month)
    ana, nobody, bruno = found.by_frequency
    assert (ana.person, ana.total, ana.denied) == ("ana", 4, 1)
    assert ana.kinds == {"read": 3, "write": 1}
    assert (ana.acting, ana.hosts, len(ana.days)) == ({"root": 1}, {"recordings1"}, 2)
    assert (bruno.person, bruno.denied, nobody.person) == ("bruno", 1, NOBODY)
    assert (found.total, found.denied) == (6, 2)
    spans = found.denials[("ana", "recordings1", CALL)]
    assert (spans.count, spans.first) == (1, at(4))


def test_other_months_do_not_count(archive, policy, month, at, event):
    for number, moment in enumerate([at(1, 0) - timedelta(seconds=1), at(1, 0), at(3)], 1):
        archive.write(event(moment, number, CALL), moment)
    assert reviewed(archive, policy, month).total == 2


def test_people_who_are_not_in_the_policy_or_left(archive, policy, month, at, event):
    left = policy.people["bruno"].model_copy(update={"leaves": at(4).date()})
    people = {name: one for name, one in policy.people.items() if name != "ana"} | {"bruno": left}
    for number, (day, who) in enumerate([(4, 1202), (5, 1202), (6, 1201), (6, 0)], 1):
        archive.write(event(at(day), number, CALL, auid=who), at(day))
    found = reviewed(archive, policy.model_copy(update={"people": people}), month)
    assert found.strangers == {
        "bruno": f"looked on {at(5).date()}, after the last day here ({at(4).date()})",
        "ana": "is none of policy.yml's people",
    }


def test_outside_working_hours(archive, policy, month, at, event):
    days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    hours = WorkingHours(days=days, begin="08:00", end="20:00", time_zone="UTC")
    for number, hour in enumerate([7, 8, 19, 20, 20], 1):
        archive.write(event(at(9, hour), number, CALL), at(9, hour))
    found = reviewed(archive, policy.model_copy(update={"working_hours": hours}), month)
    assert found.people["ana"].outside == 3
    (span,) = found.outside.values()
    assert (span.count, span.first, span.last) == (3, at(9, 7), at(9, 20))


def test_first_times_are_told_by_earlier_months(archive, policy, month, at, event):
    earlier = at(20) - timedelta(days=31)
    archive.write(event(earlier, 1, "/srv/recordings/2025/12/call.wav"), earlier)
    archive.write(event(at(3), 2, CALL), at(3))
    archive.write(event(at(3), 3, CALL, auid=1202), at(3))
    archive.write(event(at(3), 4, "/srv/handover/call.wav"), at(3))
    found = reviewed(archive, policy, month, before=2)
    assert {(one.person, one.directory) for one in found.first_times} == {
        ("bruno", "/srv/recordings/*/*"),
        ("ana", "/srv/handover"),
    }
    assert found.before == 2
    assert reviewed(archive, policy, month, before=0).first_times == {}


def test_the_months_before_are_the_larger_part_of_the_work(archive, policy, month, at, event):
    for number, moment in enumerate((at(3) - timedelta(days=31), at(3)), 1):
        archive.write(event(moment, number, CALL), moment)
    heard = []
    reviewed(archive, policy, month, before=3, say=lambda *step: heard.append(step))
    whole = [share for _, step, share, _ in heard if step == "read"]
    assert whole == [0.25, 1.0]


def test_a_busy_day_is_compared_with_the_median_of_the_others(archive, policy, month, at, event):
    for day, count in ((3, 1), (4, 2), (5, 9)):
        for number in range(count):
            archive.write(event(at(day), day * 100 + number, CALL), at(day))
    one = reviewed(archive, policy, month).people["ana"]
    assert (one.busiest, one.usual) == ((at(5).date(), 9), 1.5)


def test_memory_has_an_end_and_that_is_told(archive, policy, month, at, event, monkeypatch):
    monkeypatch.setattr(reviewing, "MOST_PLACES", 2)
    for number, name in enumerate("abc", 1):
        archive.write(event(at(3), number, f"/srv/{name}/x"), at(3))
    found = reviewed(archive, policy, month)
    assert (len(found.places), found.is_overfull, found.total) == (2, True, 3)


def test_a_gap_is_a_doubt(archive, policy, month, at, event):
    archive.write(event(at(3), 1, CALL), at(3))
    archive.sequences["recordings1"] += 1
    archive.write(event(at(3), 2, CALL), at(3))
    assert any("1 messages are missing" in one for one in reviewed(archive, policy, month).doubts)


@pytest.mark.parametrize(
    ("month", "months", "found"),
    [
        (date(2026, 3, 1), 1, date(2026, 2, 1)),
        (date(2026, 3, 1), 3, date(2025, 12, 1)),
        (date(2026, 12, 1), -1, date(2027, 1, 1)),
    ],
)
def test_months_earlier(month, months, found):
    assert months_earlier(month, months) == found
