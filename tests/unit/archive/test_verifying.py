import json
from datetime import UTC, date, datetime, timedelta

import pytest

from ringfence.archive.anchors import begun_again, new_anchors, tell_late
from ringfence.archive.findings import Kind, Reading
from ringfence.archive.sources import Folder
from ringfence.archive.verifying import Demands, read_chains, verify_archive

from .conftest import FIRST, PROMISED, Writer, day


def read(writer, **demands):
    return verify_archive(Folder(writer.root), Demands(writer.keys, **demands))


def found(reading):
    return [(one.host, one.place, one.kind.value) for one in reading.findings]


def anchors(writer):
    return new_anchors([], chains(writer), datetime.now(UTC))


def chains(writer):
    return read_chains(Folder(writer.root), writer.keys, Reading())


def test_a_sound_archive_raises_no_alarm(archive):
    reading = read(archive, anchors=anchors(archive), hosts=("pbx1",))
    assert found(reading) == []
    assert reading.sound
    assert [(h.host, h.records, h.files, h.empty_days) for h in reading.hosts] == [
        ("agent1", 14, 6, 0),
        ("pbx1", 11, 5, 1),
    ]
    assert reading.anchored == 2


@pytest.mark.parametrize(
    ("break_it", "kind"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\0"), "altered"),
        (lambda path: path.write_bytes(path.read_bytes() + b"\0"), "altered"),
        (lambda path: path.unlink(), "removed"),
        (lambda path: path.write_bytes(path.read_bytes()[:-5]), "truncated"),
        (lambda path: path.write_bytes(b""), "truncated"),
        (
            lambda path: path.write_bytes(path.with_name(f"{day(0)}.jsonl.zst").read_bytes()),
            "replaced",
        ),
    ],
)
def test_what_happened_to_a_closed_file_is_named(archive, break_it, kind):
    path = archive.root / "pbx1" / f"{day(1)}.jsonl.zst"
    break_it(path)
    assert ("pbx1", path.name, kind) in found(read(archive))


def test_files_of_other_hosts_are_recognised(archive):
    path = archive.root / "pbx1" / f"{day(1)}.jsonl.zst"
    path.write_bytes((archive.root / "agent1" / path.name).read_bytes())
    (finding,) = (one for one in read(archive).findings if one.kind is Kind.REPLACED)
    assert finding.text == f"it is agent1/{path.name}"


def test_a_file_that_the_chain_does_not_know_is_named(archive):
    for name in ("notes", f"{day(1)}.2.jsonl.zst", f"{day(1)}.jsonl"):
        (archive.root / "pbx1" / name).write_bytes(b"")
    (archive.root / "pbx1" / "folder").mkdir()
    (archive.root / "pbx1" / f"{day(9)}.jsonl").symlink_to("/etc/passwd")
    assert {(place, kind) for _, place, kind in found(read(archive))} == {
        ("notes", "added"),
        (f"{day(1)}.2.jsonl.zst", "added"),
        (f"{day(1)}.jsonl", "added"),
        ("folder", "added"),
        (f"{day(9)}.jsonl", "added"),
    }


def lines_of(archive):
    return archive.lines["pbx1"]


@pytest.mark.parametrize(
    ("break_it", "kinds"),
    [
        (lambda lines: lines.pop(2), {"removed", "added", "gap"}),
        (lambda lines: lines.pop(0), {"truncated"}),
        (lambda lines: lines.insert(1, lines.pop(2)), {"reordered", "removed"}),
        (lambda lines: lines.append(lines[1]), {"reordered"}),
        (
            lambda lines: lines.__setitem__(2, lines[2].replace(b'"size":', b'"size":1')),
            {"altered"},
        ),
        (lambda lines: lines.__setitem__(2, lines[2].replace(b",", b", ", 1)), {"altered"}),
        (lambda lines: lines.__setitem__(2, b""), {"altered"}),
    ],
)
def test_what_happened_to_an_entry_is_named(archive, break_it, kinds):
    break_it(lines_of(archive))
    archive.save("pbx1")
    assert kinds <= {kind for host, _, kind in found(read(archive)) if host == "pbx1"}
    assert {host for host, _, _ in found(read(archive))} == {"pbx1"}


def test_an_entry_that_another_key_signed_is_named(archive):
    other = Writer(archive.root)
    content = json.loads(lines_of(archive)[3])
    lines_of(archive)[3] = other.sign(content)
    archive.save("pbx1")
    assert ("pbx1", "chain.jsonl:4", "replaced") in found(read(archive))


def test_a_chain_written_anew_with_the_collectors_own_key_shows_by_its_anchor(archive):
    kept = anchors(archive)
    again = Writer(archive.root, archive.key)
    again.entry("pbx1", "begun", FIRST)
    for path in (archive.root / "pbx1").glob("20*"):
        path.unlink()
    for number in range(4):
        again.close("pbx1", day(number), again.record("pbx1", day(number)))
    assert found(read(archive)) == []
    assert ("pbx1", "chain.jsonl", "truncated") in found(read(archive, anchors=kept))
    for number in range(1, 3):
        again.close("pbx1", day(1), again.record("pbx1", day(1)), f".{number}")
    assert ("pbx1", "chain.jsonl", "replaced") in found(read(archive, anchors=kept))


def test_an_end_that_was_cut_off_shows_by_the_anchor_and_by_its_age(archive):
    kept = anchors(archive)
    for name in (f"{day(3)}.jsonl.zst", f"{day(1)}.1.jsonl.zst", f"{day(4)}.jsonl"):
        (archive.root / "pbx1" / name).unlink()
    del lines_of(archive)[-2:]
    archive.save("pbx1")
    assert found(read(archive)) == []
    assert found(read(archive, anchors=kept)) == [("pbx1", "chain.jsonl", "truncated")]
    now = datetime(2026, 3, 5, 6, tzinfo=UTC)
    assert found(read(archive, now=now)) == [("pbx1", "chain.jsonl", "missing")]


def test_entries_that_no_head_is_anchored_for_are_told_after_two_nights(archive):
    kept, late = anchors(archive), [("pbx1", "chain.jsonl", "missing")]
    closed = datetime(2026, 3, 6, 0, 20, tzinfo=UTC)
    archive.close("pbx1", day(4), archive.record("pbx1", day(4)))
    for after, told in ((timedelta(days=2), []), (timedelta(days=2, seconds=1), late)):
        reading = Reading()
        tell_late(kept, chains(archive), reading, closed + after)
        assert found(reading) == told
    assert reading.findings[0].text.startswith(f"no head is anchored since {day(4)}: run ")
    reading = Reading()
    tell_late(anchors(archive), chains(archive), reading, closed + timedelta(days=400))
    assert found(reading) == []


def test_heads_that_somebody_took_away_are_told(archive):
    now = datetime(2026, 3, 5, 6, tzinfo=UTC)
    assert found(read(archive, now=now, anchors=anchors(archive))) == []
    places = [(host, "chain.jsonl", "missing") for host in ("agent1", "pbx1")]
    assert found(read(archive, now=now, anchors=[])) == places
    assert found(read(archive, now=now)) == []
    assert found(read(archive, anchors=[])) == []


def test_a_chain_that_begins_again_waits_for_a_head_of_its_own(archive):
    again = begun_again("pbx1", datetime.now(UTC))
    reading = Reading()
    tell_late([*anchors(archive), again], chains(archive), reading, datetime.now(UTC))
    assert found(reading) == [("pbx1", "chain.jsonl", "missing")]


def test_a_host_that_is_gone_shows(archive):
    kept = anchors(archive)
    for path in (archive.root / "pbx1").iterdir():
        path.unlink()
    (archive.root / "pbx1").rmdir()
    assert found(read(archive, anchors=kept)) == [("pbx1", "", "removed")]
    assert found(read(archive, hosts=("agent1", "pbx1"))) == [("pbx1", "", "missing")]


@pytest.mark.parametrize(
    ("kept", "promised", "early"),
    [(401, 400, False), (400, 400, True), (401, 730, True), (9, 5, True)],
)
def test_a_file_that_was_removed_early_is_named(archive, kept, promised, early):
    at = datetime.combine(FIRST + timedelta(days=kept), datetime.min.time(), UTC)
    archive.prune("pbx1", 1, f"{at:%Y-%m-%dT%H:%M:%SZ}", promised)
    expected = [("pbx1", f"{FIRST}.jsonl.zst", "removed")] if early else []
    assert found(read(archive)) == expected


def test_what_the_site_demands_counts_even_if_the_collector_promised_less(archive):
    at = datetime.combine(FIRST + timedelta(days=500), datetime.min.time(), UTC)
    archive.prune("pbx1", 1, f"{at:%Y-%m-%dT%H:%M:%SZ}", 400)
    assert found(read(archive, retention={"pbx1": 730}))
    assert not found(read(archive, retention={"agent1": 730}))


@pytest.mark.parametrize("asked", [400, PROMISED, 1100])
@pytest.mark.parametrize(("kept", "early"), [(500, True), (PROMISED, True), (PROMISED + 1, False)])
def test_a_file_is_due_as_promised_whatever_the_site_asks_for_since(archive, asked, kept, early):
    archive.prune("pbx1", 2, kept, retention_days=400)
    reading = read(archive, retention={"pbx1": asked})
    removed = [one for one in reading.findings if one.kind is Kind.REMOVED]
    assert [one.place for one in removed] == [f"{day(1)}.jsonl.zst"] * early
    told = f"it was removed after {kept - 1} days, and had to be kept for {PROMISED}"
    assert [one.text for one in removed] == [told] * early
    (about,) = (host for host in reading.hosts if host.host == "pbx1")
    noted = any("as promised; today 1100 days" in note for note in about.notes)
    assert noted is (asked == 1100 and not early)


def test_a_promise_that_no_site_may_give_is_none(archive):
    archive.close("pbx1", day(5), archive.record("pbx1", day(5)), promised=30)
    archive.prune("pbx1", len(lines_of(archive)) - 1, 500, retention_days=30)
    name = f"{day(5)}.jsonl.zst"
    assert ("pbx1", name, "removed") in found(read(archive, retention={"pbx1": 730}))
    assert ("pbx1", name, "removed") not in found(read(archive, retention={"pbx1": 400}))


def test_a_host_that_the_site_does_not_know_is_judged_as_the_demands_say_of_others(archive):
    archive.prune("pbx1", 1, 500)
    assert found(read(archive)) == []
    assert found(read(archive, others=730)) == [("pbx1", f"{FIRST}.jsonl.zst", "removed")]


@pytest.mark.parametrize("promise", [-1, 730.0, True, "730", None])
def test_a_promise_of_another_form_is_no_entry(archive, promise):
    lines = lines_of(archive)
    lines[2] = archive.sign(json.loads(lines[2]) | {"retention_days": promise})
    archive.save("pbx1")
    assert ("pbx1", "chain.jsonl:3", "altered") in found(read(archive))


def test_only_a_closed_file_has_a_promise(archive):
    archive.entry("pbx1", "empty", day(4), retention_days=730)
    assert ("pbx1", "chain.jsonl:7", "altered") in found(read(archive))


def test_records_of_another_day_host_or_form_are_named(archive):
    content = archive.record("pbx1", day(6)) + archive.record("pbx1", day(4)).replace(
        b"pbx1", b"agent1"
    )
    archive.sequences["pbx1"] -= 1
    archive.close("pbx1", day(4), content + archive.record("pbx1", day(4)) + b'{}\n{"rec\n')
    texts = [one.text for one in read(archive).findings if one.place == f"{day(4)}.jsonl.zst"]
    assert texts == [
        "records of another form, the first in line 4",
        "records of another host, the first in line 2",
        "records received on another day, the first in line 1",
    ]


def test_an_entry_from_before_its_day_was_over_is_back_dated(archive):
    archive.lines["pbx1"] = archive.lines["pbx1"][:-2]
    archive.entry("pbx1", "empty", day(3), at=f"{day(3)}T23:00:00Z")
    assert ("pbx1", "chain.jsonl:5", "back-dated") in found(read(archive))


def test_messages_that_are_missing_are_told_in_ranges(archive):
    for number in (20, 26, 22, 22, 23):
        archive.sequences["pbx1"] = number - 1
        name = f".{number}" if number != 22 else f".{number}{len(archive.lines['pbx1'])}"
        archive.close("pbx1", day(3), archive.record("pbx1", day(3)), name)
    gaps = [one.text for one in read(archive).findings if one.kind is Kind.GAP]
    assert gaps == [
        "before it, messages 12 to 19 (8) are not there",
        "before it, messages 21 (1) are not there",
        "before it, messages 24 to 25 (2) are not there",
    ]


def test_only_files_of_later_days_are_read(archive):
    path = archive.root / "pbx1" / f"{day(0)}.jsonl.zst"
    path.write_bytes(path.read_bytes() + b"more")
    assert found(read(archive)) == [("pbx1", path.name, "altered")]
    assert found(read(archive, since=day(1))) == []


def test_a_chain_that_stops_is_missing_days_and_one_that_begins_today_is_not(archive):
    late = datetime(2026, 3, 20, 6, tzinfo=UTC)
    assert {kind for _, _, kind in found(read(archive, now=late))} == {"missing"}
    begun = Writer(archive.root.parent / "new", archive.key)
    begun.entry("pbx1", "begun", date(2026, 3, 20))
    assert found(read(begun, now=late)) == []


def test_what_the_collector_has_in_hand_is_no_alarm(archive):
    (archive.root / "pbx1" / f".{day(4)}.jsonl.zst.part").write_bytes(b"half")
    (archive.root / "pbx1" / f".{day(3)}.jsonl.closed").write_bytes(b"whole")
    (archive.root / "pbx1" / f"{day(4)}.jsonl.zst").write_bytes(b"about to get its entry")
    reading = read(archive)
    assert found(reading) == []
    assert sum(host.host == "pbx1" and len(host.notes) for host in reading.hosts) == 4


def test_the_document_for_programs_has_everything(archive):
    (archive.root / "pbx1" / f"{day(0)}.jsonl.zst").unlink()
    document = json.loads(json.dumps(read(archive).as_json()))
    assert document["sound"] is False
    assert document["findings"][0]["kind"] == "removed"
    assert document["hosts"][1]["host"] == "pbx1"


def test_what_a_stopped_receiver_left_of_a_line_is_no_alarm(archive):
    torn = archive.record("pbx1", day(4))[:40] + b"\n"
    archive.sequences["pbx1"] -= 1
    archive.close("pbx1", day(5), archive.record("pbx1", day(5)) + torn.replace(b"-05", b"-06"))
    assert [one for one in found(read(archive)) if one[1] == f"{day(5)}.jsonl.zst"] == []


def test_records_of_unknown_senders_have_a_chain_without_numbers(archive):
    for host in ("_unidentified",):
        archive.entry(host, "begun", FIRST)
        records = [archive.record(host, FIRST).replace(host.encode(), b"10.0.0.9")]
        archive.sequences[host] = 70
        archive.close(host, FIRST, b"".join([*records, archive.record(host, FIRST)]))
    reading = read(archive)
    assert found(reading) == []
    assert [host.host for host in reading.hosts] == ["_unidentified", "agent1", "pbx1"]


def test_records_of_senders_that_do_not_count_leave_no_gap(archive):
    number = archive.sequences["pbx1"]
    uncounted = archive.record("pbx1", day(3)).replace(
        b'"sequence":%d' % (number + 1), b'"sequence":0'
    )
    archive.sequences["pbx1"] = number
    archive.close("pbx1", day(3), uncounted + archive.record("pbx1", day(3)), ".1")
    assert found(read(archive)) == []


@pytest.mark.parametrize("late", [0, 1])
def test_the_source_of_a_closed_file_is_no_alarm_and_what_follows_it_came_late(archive, late):
    content = b"".join(archive.record("pbx1", day(3)) for _ in range(2))
    (archive.root / "pbx1" / f"{day(4)}.jsonl").unlink()
    archive.sequences["pbx1"] -= 3
    content = b"".join(archive.record("pbx1", day(4)) for _ in range(2))
    archive.close("pbx1", day(4), content)
    more = b"".join(archive.record("pbx1", day(4)) for _ in range(late))
    (archive.root / "pbx1" / f"{day(4)}.jsonl").write_bytes(content + more)
    reading = read(archive)
    assert found(reading) == [("pbx1", f"{day(4)}.jsonl", "added")] * late
    (about,) = (host for host in reading.hosts if host.host == "pbx1")
    assert (about.duplicates, about.records) == (0, 12 + late)
    assert f"{day(4)}.jsonl: its day is closed; the collector was interrupted" in about.notes[0]


@pytest.mark.parametrize(("program", "alarms"), [("ringfence-logging", 0), ("ringfence-x", 1)])
def test_numbers_that_a_host_never_used_are_no_gap(archive, program, alarms):
    path = archive.root / "pbx1" / f"{day(4)}.jsonl"
    text = "begun anew after a sudden stop: numbers 12 to 40 that are missing were never used"
    archive.sequences["pbx1"] = 40
    told = archive.record("pbx1", day(4), program=program, message=text)
    path.write_bytes(path.read_bytes() + told)
    reading = read(archive)
    assert [kind for _, _, kind in found(reading)] == ["gap"] * alarms
    (about,) = (host for host in reading.hosts if host.host == "pbx1")
    said = f"{path.name}: the host never used the numbers 12 to 40: it stopped suddenly"
    assert (said in about.notes) is not alarms
