"""Questions to archives: whatever the order in which records came, and wherever they lie."""

import itertools
import random
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence.access_record import Answer, Question, blocks
from ringfence.archive.sources import Folder
from ringfence.errors import UsageError

from ..archive.conftest import Writer

FILES = [
    "/srv/recordings/2026/call-1.wav",
    "/srv/recordings/2026/call-2.wav",
    "/srv/recordings/caña \n.wav",
    '/srv/other/back\\slash "q"',
]
PEOPLE = {1201: "ana", 1202: "bruno", 0: "root"}
QUESTIONS = [
    {},
    {"person": "ana"},
    {"person": "1202"},
    {"denied": True},
    {"denied": True, "person": "bruno"},
    {"path": FILES[0]},
    {"path": FILES[2]},
    {"path": FILES[3]},
    {"path": "/srv/recordings/2026"},
    {"path": "/srv/recordings/", "person": "ana"},
    {"path": "*/call-?.wav", "denied": True},
    {"path": "/srv/[or]*/call-1*"},
    {"path": "/"},
]

an_event = st.fixed_dictionaries(
    {
        "file": st.sampled_from(FILES),
        "auid": st.sampled_from(list(PEOPLE)),
        "denied": st.booleans(),
        "way": st.sampled_from(["whole", "cwd", "descriptor", "rename"]),
        "enriched": st.booleans(),
    }
)


def made(noon, event, item, which, number):
    """The records of one made-up event, and of the directory's open where it takes one."""
    at, directory, name = noon, *which["file"].rsplit("/", 1)
    login = {"auid": which["auid"], "pid": 3000 + number, "enriched": which["enriched"]}
    result = {"success": "no", "exit": -13, "key": "access-denied"} if which["denied"] else {}
    serial = number * 10
    if which["way"] == "cwd":
        return [event(at, serial, name, cwd=directory, **login, **result)]
    if which["way"] == "descriptor":
        opened = event(at, serial, item(directory, "NORMAL", "042750", 7), exit=5, **login)
        return [opened, event(at, serial + 1, name, a0="5", **login, **result)]
    if which["way"] == "rename":
        items = [item(f"{directory}/", "PARENT", "042750", 7)] * 2
        items += [item(which["file"], "DELETE"), item("/srv/other/new", "CREATE")]
        return [event(at, serial, *items, number=82, **login, **result)]
    return [event(at, serial, which["file"], **login, **result)]


def rows(accesses):
    return sorted(
        (one.event, one.person, one.path, one.target, one.kind, one.result) for one in accesses
    )


def expected(which, number, event_id):
    name = PEOPLE[which["auid"]] if which["enriched"] else f"uid {which['auid']}"
    kind = "rename" if which["way"] == "rename" else "read"
    target = "/srv/other/new" if kind == "rename" else ""
    return (event_id, name, which["file"], target, kind, "denied" if which["denied"] else "allowed")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(an_event, min_size=1, max_size=6), st.randoms(use_true_random=False), st.integers(0)
)
def test_interleaved_shuffled_repeated_and_cut_by_midnight(
    collected,
    noon,
    event,
    item,
    whiches,
    chance,
    cut,
):
    """Records of one event in any order, events mixed, some twice, in the files of two days."""
    events = [made(noon, event, item, one, n) for n, one in enumerate(whiches, 1)]
    wanted = [
        expected(one, n, f"{noon.timestamp():.3f}:{n * 10 + (one['way'] == 'descriptor')}")
        for n, one in enumerate(whiches, 1)
    ]
    records = mixed(events, chance)
    cut %= len(records) + 1
    with TemporaryDirectory() as folder:
        archive = collected(Path(folder))
        archive.write(records[:cut], noon)
        archive.write(records[cut:], noon + timedelta(hours=12, seconds=1))
        accesses, doubts = archive.ask()
    assert doubts == []
    openings = {f"{noon.timestamp():.3f}:{n * 10}" for n, one in enumerate(whiches, 1)
                if one["way"] == "descriptor"}  # fmt: skip
    named = [one for one in accesses if one.event not in openings]
    learnt = {name: f"uid {uid}" for uid, name in PEOPLE.items()}
    assert [(e, learnt.get(p, p), *rest) for e, p, *rest in rows(named)] == sorted(
        (e, learnt.get(p, p), *rest) for e, p, *rest in wanted
    )


def mixed(events, chance):
    """Mix the events' records; those of one event are shuffled, and some come twice.

    What opens a directory comes whole before what is relative to it, as one process does it.
    """
    queues = []
    for one in events:
        queue = []
        for records in one:
            shuffled = records + chance.sample(records, 2)
            chance.shuffle(shuffled)
            queue += shuffled
        queues.append(queue)
    found = []
    while any(queues):
        queue = chance.choice([queue for queue in queues if queue])
        found.append(queue.pop(0))
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(an_event, min_size=1, max_size=6),
    st.randoms(use_true_random=False),
    st.sampled_from(QUESTIONS),
    st.sampled_from([500, 3000, 2_097_152]),
)
def test_a_sieve_leaves_nothing_out(
    collected, noon, event, item, monkeypatch, whiches, chance, question, block
):
    """The answer is what reading everything, and then choosing, gives: with blocks of any size.

    Events that lie further apart than blocks are read again, without what descriptors led to.
    """
    if block < 10_000:
        whiches = [one | {"way": "cwd"} if one["way"] == "descriptor" else one for one in whiches]
    events = [made(noon, event, item, one, n) for n, one in enumerate(whiches, 1)]
    asked = Question(**question)
    with TemporaryDirectory() as folder, monkeypatch.context() as patch:
        archive = collected(Path(folder))
        archive.write(mixed(events, chance), noon)
        patch.setattr(blocks, "BLOCK", block)
        patch.setattr(blocks, "PIECE", block)
        everything, _ = archive.ask()
        found, _ = archive.ask(**question)
    chosen = {one.event for one in everything if asked.matches(one)}
    # Of a record without names the name may be learnt from a row that isn't asked for.
    learnt = {one["auid"] for one in whiches if not one["enriched"]} if asked.person else set()
    unsure = {one.event for one in [*everything, *found] if one.uid in learnt}
    assert {one.event for one in found} - unsure == chosen - unsure


@pytest.mark.parametrize(
    ("program", "count"), [("audispd", 1), ("audisp-syslog", 1), ("logger", 0)]
)
def test_records_come_by_the_plugin_of_auditd_alone(archive, noon, event, program, count):
    archive.write(event(noon, 1, FILES[0]), noon, program=program)
    accesses, _ = archive.ask()
    assert len(accesses) == count


def test_records_of_an_event_that_lie_far_apart_are_found(archive, noon, event, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK", 1000)
    monkeypatch.setattr(blocks, "PIECE", 1000)
    first, *rest = event(noon, 1, FILES[0])
    archive.write([first], noon)
    for number in range(2, 40):
        archive.write(event(noon, number, FILES[1]), noon)
    archive.write(rest, noon)
    accesses, doubts = archive.ask(path=FILES[0])
    assert ([one.path for one in accesses], doubts) == ([FILES[0]], [])


class TestTimes:
    """A question about a day reads the days beside it too."""

    def test_an_access_counts_on_its_own_day(self, archive, noon, event):
        midnight = noon.replace(hour=0)
        for number, (at, late) in enumerate(
            [(-1, 0), (0, 0), (3600, 0), (86399, 30), (86399, 80000), (86400, 0)], 1
        ):
            moment = midnight + timedelta(seconds=at)
            archive.write(event(moment, number, FILES[0]), moment + timedelta(seconds=late))
        accesses, _ = archive.ask(since=midnight, until=midnight + timedelta(days=1))
        assert [one.event.rpartition(":")[2] for one in accesses] == ["2", "3", "4", "5"]

    def test_only_files_of_its_days_are_read(self, archive, noon, event, monkeypatch):
        for days in range(6):
            at = noon + timedelta(days=days)
            archive.write(event(at, days + 1, FILES[0]), at)
            archive.close("recordings1", at)
        read = []
        found = Folder.read
        monkeypatch.setattr(
            Folder, "read", lambda s, host, names: read.extend(names) or found(s, host, names)
        )
        since = (noon + timedelta(days=3)).replace(hour=0)
        accesses, doubts = archive.ask(since=since, until=since + timedelta(days=1))
        assert (len(accesses), doubts) == (1, [])
        days = [(noon + timedelta(days=days)).date() for days in (2, 3, 4)]
        assert read == [f"{one}.jsonl.zst" for one in days]


class TestDoubts:
    """What makes the record less than whole is told."""

    def test_a_gap(self, archive, noon, event):
        archive.write(event(noon, 1, FILES[0]), noon)
        archive.sequences["recordings1"] += 3
        archive.write(event(noon, 2, FILES[0]), noon)
        _, doubts = archive.ask()
        assert doubts == [
            "recordings1: 3 messages are missing, with the numbers 6 to 8: lost, or received on a "
            "later day"
        ]

    def test_days_and_hosts_without_a_file(self, archive, noon, event):
        for days in (0, 1, 4):
            at = noon + timedelta(days=days)
            archive.write(event(at, days + 1, FILES[0]), at)
        _, doubts = archive.ask(hosts=["recordings1", "pbx1"])
        days = ", ".join(f"{(noon + timedelta(days=day)).date()}" for day in (2, 3))
        assert doubts == [
            "pbx1: nothing of these days is in the archive",
            f"recordings1: no file of {days}",
        ]

    def test_the_archive_begins_or_ends_amid_the_question(self, archive, noon, event):
        archive.write(event(noon, 1, FILES[0]), noon)
        accesses, doubts = archive.ask(
            since=noon - timedelta(days=2), until=noon + timedelta(days=2)
        )
        assert len(accesses) == 1
        assert doubts == [
            f"recordings1: its first file is of {noon.date()}",
            f"recordings1: its last file is of {noon.date()}",
        ]

    @pytest.mark.parametrize("keep", [0.5, 0.9])
    def test_a_damaged_file_is_named_and_the_next_is_read(self, archive, noon, event, keep):
        for days in range(2):
            at = noon + timedelta(days=days)
            chance = random.Random(days)
            files = [f"/srv/{chance.random()}" for _ in range(400)]
            archive.write([r for n, f in enumerate(files, 1) for r in event(at, n, f)], at)
            closed = archive.close("recordings1", at)
            if days == 0:
                closed.write_bytes(closed.read_bytes()[: int(closed.stat().st_size * keep)])
        accesses, doubts = archive.ask(path=files[7])
        assert len(accesses) == 1
        assert doubts[0].startswith(f"recordings1/{noon.date()}.jsonl.zst is damaged: ")

    @pytest.mark.parametrize("part", [0, 1])
    def test_what_came_after_a_day_was_closed_is_read_too(self, archive, noon, event, part):
        archive.write(event(noon, 1, FILES[0]), noon)
        first = archive.close("recordings1", noon)
        archive.write(event(noon, 2, FILES[1]), noon)
        late = archive.close("recordings1", noon, f"{noon.date()}.{part}.jsonl.zst")
        assert first.exists()
        assert late.exists()
        accesses, doubts = archive.ask()
        assert [one.path for one in accesses] == FILES[:2]
        assert doubts == []

    def test_what_a_host_never_used_after_a_sudden_stop_is_not_missing(self, archive, noon, event):
        archive.write(event(noon, 1, FILES[0]), noon)
        archive.sequences["recordings1"] += 4
        archive.write(event(noon, 2, FILES[0]), noon)
        told = "begun anew after a sudden stop: numbers 6 to 8 that are missing were never used"
        for program, missing in ((" of account 1000", 4), ("", 1)):
            archive.write([told], noon, program=f"ringfence-logging{program}")
            _, doubts = archive.ask()
            assert doubts[0].startswith(f"recordings1: {missing} messages are missing")

    def test_a_number_in_a_message_is_not_the_messages(self, archive, noon, event):
        archive.write(event(noon, 1, FILES[0]), noon)
        archive.write(['{"sequence":99}', '"sequence":77'], noon, program="app")
        assert archive.ask()[1] == []

    def test_a_file_that_vanished_meanwhile_is_told(self, archive, noon, event, monkeypatch):
        archive.write(event(noon, 1, FILES[0]), noon)
        closed = archive.close("recordings1", noon)
        source = Folder(archive.folder)
        listed = source.files("recordings1")
        monkeypatch.setattr(source, "files", lambda _host: listed)
        closed.unlink()
        answer = Answer(source, Question())
        assert list(answer) == []
        assert answer.doubts == [f"recordings1/{closed.name} vanished meanwhile: ask again"]

    @pytest.mark.parametrize("content", [b"", b"no zstd", zstandard.compress(b"x") + b"more"])
    def test_what_is_not_compressed_is_damaged(self, archive, noon, event, content):
        archive.write(event(noon, 1, FILES[0]), noon)
        archive.close("recordings1", noon).write_bytes(content)
        _, doubts = archive.ask()
        assert "jsonl.zst is damaged: " in doubts[0]

    def test_frames_that_follow_one_another_are_one_file(self, archive, noon, event):
        for number, name in enumerate(FILES[:2], 1):
            archive.write(event(noon, number, name), noon)
            closed = archive.close("recordings1", noon, f"{number}")
        closed.write_bytes(b"".join((closed.parent / n).read_bytes() for n in "12"))
        closed.rename(closed.with_name(f"{noon.date()}.jsonl.zst"))
        accesses, doubts = archive.ask()
        assert ([one.path for one in accesses], doubts) == (FILES[:2], [])

    @pytest.mark.parametrize("is_closed", [False, True])
    def test_a_line_that_is_torn_is_no_damage(self, archive, noon, event, is_closed):
        """The collector writes it again: it acknowledges what is on the disk."""
        records = event(noon, 1, FILES[0])
        archive.write(records, noon)
        path = next(archive.folder.glob("*/*"))
        whole = path.read_bytes()
        torn = whole.splitlines()[0][:-30]
        path.write_bytes(torn + b"\n" + whole + b'{"received":"2026-')
        if is_closed:
            archive.close("recordings1", noon)
        accesses, doubts = archive.ask()
        assert (len(accesses), doubts) == (1, [])

    @pytest.mark.parametrize(
        "line",
        [
            b"{type=SYSCALL msg=audit(1.000:1): no json}",
            b'{"x":["type=SYSCALL msg=audit(1.000:1): access-record"]}',
            b'{"program":"audisp-syslog","message":7,"x":"type=CWD msg=audit(1.000:1) access-record"}',  # noqa: E501
        ],
    )
    def test_lines_that_are_no_messages_are_counted(self, archive, noon, event, line):
        archive.write(event(noon, 1, FILES[0]), noon)
        path = next(archive.folder.glob("*/*"))
        path.write_bytes(line.replace(b"json", b"access-record") + b"\n" + path.read_bytes())
        accesses, doubts = archive.ask()
        assert len(accesses) == 1
        assert doubts == ["recordings1: 1 lines are not readable as audit records"]

    def test_accounts_without_a_name_are_mentioned_when_a_person_is_asked_for(
        self, archive, noon, event
    ):
        archive.write(event(noon, 1, FILES[0], enriched=False), noon)
        accesses, doubts = archive.ask(person="ana")
        assert accesses == []
        assert doubts == [
            "accounts with no recorded name have accesses too (1201): ask for them with --person "
            "NUMBER"
        ]
        assert len(archive.ask(person="1201")[0]) == 1


class TestBothOpenAndClosed:
    """What a closing job that was interrupted leaves, and what came after it."""

    @pytest.fixture
    def doubled(self, archive, noon, event):
        """A day whose open file was put back after it was closed, with the chain that says so."""

        def make(is_known, late=()):
            archive.write(event(noon, 1, FILES[0]), noon)
            path = archive.folder / f"recordings1/{noon.date()}.jsonl"
            content = path.read_bytes()
            writer = Writer(archive.folder)
            writer.entry("recordings1", "begun", noon.date())
            if is_known:
                writer.close("recordings1", noon.date(), content)
            else:
                path.with_name(f"{path.name}.zst").write_bytes(zstandard.compress(content)[:-9])
            for number in late:
                archive.write(event(noon, number, FILES[1]), noon)
            return path

        return make

    @pytest.mark.parametrize("is_known", [True, False])
    @pytest.mark.parametrize("late", [(), (2,)])
    def test_the_source_of_a_closed_file_is_read_once(self, archive, doubled, is_known, late):
        doubled(is_known, late)
        answer = Answer(Folder(archive.folder), Question())
        assert [one.path for one in answer] == FILES[: 1 + len(late)]
        assert answer.doubts == []
        assert answer.parts[0].numbers.duplicates == 0

    def test_an_open_file_hides_no_closed_day(self, archive, noon, event, doubled):
        path = doubled(True)
        path.write_bytes(b"")
        assert [one.path for one in archive.ask()[0]] == FILES[:1]
        archive.write(event(noon, 2, FILES[1]), noon)
        accesses, doubts = archive.ask()
        assert ([one.path for one in accesses], doubts) == (FILES[:2], [])

    def test_a_copy_without_a_chain_is_read_as_a_whole(self, archive, noon, event):
        archive.write(event(noon, 1, FILES[0]), noon)
        archive.close("recordings1", noon)
        archive.write(event(noon, 2, FILES[1]), noon)
        accesses, doubts = archive.ask()
        assert ([one.path for one in accesses], doubts) == (FILES[:2], [])


def test_records_of_no_host_are_nobodys(archive, noon, event):
    archive.write(event(noon, 1, FILES[0]), noon)
    archive.write(event(noon, 2, FILES[1]), noon, host="_unidentified")
    assert len(archive.ask()[0]) == 1


def test_unknown_directories_are_told_rather_than_left_out(archive, noon, event):
    archive.write(event(noon, 1, "call-1.wav", a0="5"), noon)
    for path, found in ((FILES[0], 1), (FILES[1], 0), ("/srv/recordings", 1), ("*/call-1*", 1)):
        accesses, _ = archive.ask(path=path)
        assert [one.path for one in accesses] == ["…/call-1.wav"] * found, path


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ({"person": "Ana Ruiz"}, "neither a login name nor"),
        ({"person": 'a"b'}, "neither a login name nor"),
        ({"path": "recordings"}, "must begin with /"),
        ({"path": ""}, "must begin with /"),
    ],
)
def test_bad_questions(question, sentence):
    with pytest.raises(UsageError, match=sentence):
        Question(**question)


def test_hosts_are_answered_one_after_the_other(archive, noon, event):
    for host, number in itertools.product(("recordings1", "database1"), (1, 2)):
        archive.write(event(noon, number, FILES[0]), noon, host=host)
    accesses, _ = archive.ask()
    assert [one.host for one in accesses] == ["database1"] * 2 + ["recordings1"] * 2
    answer = Answer(Folder(archive.folder), Question(), ["recordings1"])
    assert {one.host for one in answer} == {"recordings1"}


def test_what_is_read_is_told_file_by_file(archive, noon, event):
    days = [noon - timedelta(days=1), noon]
    for number, at in enumerate(days, 1):
        archive.write(event(at, number, FILES[0]), at)
    heard = []
    answer = Answer(
        Folder(archive.folder), Question(), None, ["pbx9"], lambda *step: heard.append(step)
    )
    assert answer.hosts == ["pbx9", "recordings1"]
    assert len(list(answer)) == 2
    assert heard[0] == ("pbx9", "nothing of these days is there", 1.0)
    names, shares = zip(*(step[1:] for step in heard[1:]), strict=True)
    assert list(dict.fromkeys(names)) == [*(f"{at:%Y-%m-%d}.jsonl" for at in days), "read"]
    assert (shares[0], shares[-1], list(shares)) == (0.0, 1.0, sorted(shares))
